/** A view of the server as a frame for the grid. While the next one is opened, the one before stays on the screen. */
import { useEffect, useReducer, useRef, useState } from "react";

import { ApiError, OfflineError, isAbort } from "@canvasback/client/api/error";
import type { ViewSpec } from "@canvasback/client/stream/protocol";
import { ViewFrame } from "@canvasback/client/viewFrame";
import { stream } from "./services";

export interface ViewStatus {
  frame: ViewFrame | null;
  /** What is on the screen is not yet what was asked for. */
  stale: boolean;
  error: Error | null;
  retry(): void;
}

const FIRST_ROWS = 64;
/** How often a view that may come back by itself is tried again: a file that was moved away, a busy server. */
const RETURN_MS = 2000;

/** Whether what failed may be there again without anybody's doing on this page. */
export function mayReturn(error: Error): boolean {
  return error instanceof OfflineError || (error instanceof ApiError && [404, 429, 503].includes(error.status));
}

/** Resolves when the first rows are there. */
async function firstRows(frame: ViewFrame, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const look = (): void => {
      if (frame.view.error) reject(frame.view.error);
      else if (frame.columns.length > 0) resolve();
      else return;
      unsubscribe();
    };
    const unsubscribe = frame.subscribe(look);
    signal.addEventListener("abort", () => {
      unsubscribe();
      reject(signal.reason as Error);
    });
    look();
  });
  const columns = frame.columns.slice(0, 16).map((_, index) => index);
  await frame.fetch({ rowStart: 0, rowEnd: FIRST_ROWS, columns }, signal);
}

export function useView(spec: ViewSpec | null): ViewStatus {
  const key = spec ? JSON.stringify(spec) : "";
  const [shown, setShown] = useState<{ frame: ViewFrame; key: string } | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [attempt, setAttempt] = useState(0);
  const newest = useRef<ViewFrame | null>(null);
  const onScreen = useRef<ViewFrame | null>(null);
  const failedKey = useRef("");
  const [, redraw] = useReducer((count: number) => count + 1, 0);

  useEffect(() => {
    if (!spec) return;
    const aborted = new AbortController();
    const before = newest.current;
    const frame = new ViewFrame(stream().open(spec, before?.view));
    newest.current = frame;
    // What failed before is told until there are rows: a try that is made by itself should not flicker.
    if (attempt === 0 || failedKey.current !== key) setError(null);
    if (before && before !== onScreen.current) before.dispose();
    const unsubscribe = frame.subscribe(redraw);
    firstRows(frame, aborted.signal).then(
      () => {
        const old = onScreen.current;
        onScreen.current = frame;
        setError(null);
        setShown({ frame, key });
        if (old && old !== frame) old.dispose();
      },
      (reason: unknown) => {
        if (isAbort(reason)) return;
        failedKey.current = key;
        setError(reason as Error);
      },
    );
    return () => {
      aborted.abort(new DOMException("Another view is wanted.", "AbortError"));
      unsubscribe();
    };
    // The key says what of the spec matters.
  }, [key, attempt]);

  useEffect(
    () => () => {
      // The page is left: nobody wants the rows any more.
      for (const frame of new Set([newest.current, onScreen.current])) {
        frame?.view.close();
        frame?.dispose();
      }
      newest.current = null;
      onScreen.current = null;
    },
    [],
  );

  const failure = error ?? shown?.frame.error ?? null;
  // Of a dataset only: a statement is not run again behind its reader's back.
  const isDataset = spec?.dataset !== undefined;
  useEffect(() => {
    if (!failure || !isDataset || !mayReturn(failure)) return;
    const timer = setTimeout(() => setAttempt((count) => count + 1), RETURN_MS);
    return () => clearTimeout(timer);
  }, [failure, isDataset, attempt]);

  return {
    frame: shown?.frame ?? null,
    stale: shown !== null && shown.key !== key,
    error: failure,
    retry: () => setAttempt((count) => count + 1),
  };
}
