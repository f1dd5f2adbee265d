/** The view that the widget shows: opened anew for another sort, filter or search; the one before stays until then. */
import { useEffect, useReducer, useRef, useState } from "react";

import type { StreamConnection } from "@canvasback/client/stream/connection";
import type { ViewSpec } from "@canvasback/client/stream/protocol";
import { ViewFrame } from "@canvasback/client/viewFrame";

export function useWidgetView(
  connection: StreamConnection,
  spec: ViewSpec,
): { frame: ViewFrame | null; error: Error | null } {
  const key = JSON.stringify(spec);
  const newest = useRef<ViewFrame | null>(null);
  const shown = useRef<ViewFrame | null>(null);
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const [error, setError] = useState<Error | null>(null);

  useEffect(() => {
    const before = newest.current;
    const frame = new ViewFrame(connection.open(spec, before?.view));
    newest.current = frame;
    setError(null);
    if (before && before !== shown.current) before.dispose();
    const look = (): void => {
      if (frame.view.error) setError(frame.view.error);
      else if (frame.columns.length > 0 && shown.current !== frame) {
        shown.current?.dispose();
        shown.current = frame;
      }
      redraw();
    };
    const unsubscribe = frame.subscribe(look);
    look();
    return unsubscribe;
    // The key says what of the spec matters.
  }, [connection, key]);

  useEffect(
    () => () => {
      for (const frame of new Set([newest.current, shown.current])) {
        frame?.view.close();
        frame?.dispose();
      }
    },
    [],
  );
  return { frame: shown.current, error: error ?? shown.current?.windowError ?? null };
}
