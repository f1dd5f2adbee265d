/** A view of the server as a frame for the grid. While the next one is opened, the one before stays on the screen. */
import { useEffect, useReducer, useRef, useState } from "react";

import { isAbort } from "@canvasback/client/api/error";
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
  const [, redraw] = useReducer((count: number) => count + 1, 0);

  useEffect(() => {
    if (!spec) return;
    const aborted = new AbortController();
    const before = newest.current;
    const frame = new ViewFrame(stream().open(spec, before?.view));
    newest.current = frame;
    setError(null);
    if (before && before !== onScreen.current) before.dispose();
    const unsubscribe = frame.subscribe(redraw);
    firstRows(frame, aborted.signal).then(
      () => {
        const old = onScreen.current;
        onScreen.current = frame;
        setShown({ frame, key });
        if (old && old !== frame) old.dispose();
      },
      (reason: unknown) => {
        if (!isAbort(reason)) setError(reason as Error);
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

  return {
    frame: shown?.frame ?? null,
    stale: shown !== null && shown.key !== key,
    error: error ?? shown?.frame.error ?? null,
    retry: () => setAttempt((count) => count + 1),
  };
}
