/** The groups that an address names, as a frame. While the next one is computed, the one before stays on the screen. */
import { useEffect, useReducer, useRef, useState } from "react";

import { isAbort } from "@canvasback/client/api/error";
import type { Filter } from "@canvasback/client/api/schema";
import { aggregateBlock } from "@canvasback/client/aggregate";
import { mayReturn } from "../services/useView";
import { stream } from "../services/services";
import type { Grouping } from "../state/grouping";
import { GroupFrame } from "./groupFrame";

export interface Groups {
  frame: GroupFrame | null;
  /** What is on the screen is not yet what was asked for. */
  stale: boolean;
  /** Of the frame: from the question to its first groups. */
  ms: number | null;
  error: Error | null;
  retry(): void;
}

const RETURN_MS = 2000;

export function useGroups(
  dataset: string,
  version: string | undefined,
  grouping: Grouping,
  filter: Filter | undefined,
  types: ReadonlyMap<string, string>,
): Groups {
  const key = JSON.stringify([dataset, version, grouping, filter]);
  const [shown, setShown] = useState<{ frame: GroupFrame; key: string; ms: number } | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [attempt, setAttempt] = useState(0);
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const onScreen = useRef<GroupFrame | null>(null);
  useEffect(() => {
    const aborted = new AbortController();
    const begin = performance.now();
    let unsubscribe = (): void => undefined;
    GroupFrame.open(
      {
        grouping,
        filter,
        types,
        ask: (request, signal) => aggregateBlock(dataset, request, stream().decoder, signal),
      },
      aborted.signal,
    ).then(
      (frame) => {
        if (aborted.signal.aborted) return frame.dispose();
        onScreen.current?.dispose();
        onScreen.current = frame;
        unsubscribe = frame.subscribe(redraw);
        setError(null);
        setShown({ frame, key, ms: performance.now() - begin });
      },
      (reason: unknown) => {
        if (!isAbort(reason) && !aborted.signal.aborted) setError(reason as Error);
      },
    );
    return () => {
      aborted.abort(new DOMException("Other groups are wanted.", "AbortError"));
      unsubscribe();
    };
    // The key says what of the others matters.
  }, [key, attempt]);
  useEffect(() => () => onScreen.current?.dispose(), []);
  const failure = error ?? shown?.frame.error ?? null;
  useEffect(() => {
    if (!failure || !mayReturn(failure)) return;
    const timer = setTimeout(() => setAttempt((count) => count + 1), RETURN_MS);
    return () => clearTimeout(timer);
  }, [failure, attempt]);
  return {
    frame: shown?.frame ?? null,
    stale: shown !== null && shown.key !== key,
    ms: shown?.ms ?? null,
    error: failure,
    retry: () => setAttempt((count) => count + 1),
  };
}
