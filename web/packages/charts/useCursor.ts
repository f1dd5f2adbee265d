/**
 * The place of a chart that is looked at, by pointer or keyboard: arrows move it, Shift with arrows marks a span, Enter
 * picks, Escape leaves. Places of a heat map lie in rows of `columns`.
 */
import { type KeyboardEvent, useCallback, useState } from "react";

export interface Cursor {
  /** From 0; null where nothing is looked at. */
  index: number | null;
  /** Where a marked span begins. */
  anchor: number | null;
  /** By keyboard: the place is then announced. */
  isByKeyboard: boolean;
}

const NOWHERE: Cursor = { index: null, anchor: null, isByKeyboard: false };

interface Options {
  count: number;
  columns?: number;
  /** Arrows up and down move as left and right do. */
  isVertical?: boolean;
  onPick?: ((index: number, anchor: number) => void) | undefined;
}

function steps({ columns, isVertical }: Options): Record<string, number> {
  if (columns !== undefined) return { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  return isVertical ? { ArrowUp: -1, ArrowDown: 1 } : { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 };
}

/** Where a key leads from a place; null where it is none of the chart's. */
export function moved(key: string, from: number | null, options: Options): number | null {
  const { count } = options;
  if (count === 0) return null;
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  const step = steps(options)[key];
  if (step === undefined) return null;
  if (from === null) return step > 0 ? 0 : count - 1;
  const to = from + step;
  // Of a heat map, columns stay what they are at its upper and lower end.
  if (options.columns !== undefined) return to < 0 || to >= count ? from : to;
  return Math.min(count - 1, Math.max(0, to));
}

export function useCursor(options: Options) {
  const [cursor, setCursor] = useState<Cursor>(NOWHERE);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget) return;
    const { index, anchor } = cursor;
    if (event.key === "Escape" && index !== null) {
      event.preventDefault();
      setCursor(NOWHERE);
    } else if ((event.key === "Enter" || event.key === " ") && index !== null && options.onPick) {
      event.preventDefault();
      options.onPick(index, anchor ?? index);
    } else {
      const to = moved(event.key, index, options);
      if (to === null) return;
      event.preventDefault();
      setCursor({ index: to, anchor: event.shiftKey ? (anchor ?? index ?? to) : null, isByKeyboard: true });
    }
  };
  const point = useCallback(
    (index: number | null, anchor: number | null = null) =>
      setCursor((old) =>
        old.index === index && old.anchor === anchor && !old.isByKeyboard
          ? old
          : { index, anchor, isByKeyboard: false },
      ),
    [],
  );
  const leave = useCallback(() => setCursor(NOWHERE), []);
  // What a changed chart no longer has is not looked at.
  const shown = cursor.index !== null && cursor.index >= options.count ? NOWHERE : cursor;
  return { cursor: shown, onKeyDown, point, leave };
}
