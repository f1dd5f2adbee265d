/**
 * A histogram to filter by: a click takes a bar, a drag a range, Shift adds to what is filtered already. With the
 * keyboard, where it is asked for, arrows go over the bars, Shift and the arrows take several, Enter filters.
 */
import { type KeyboardEvent, type PointerEvent, useRef, useState } from "react";

import { integer } from "@canvasback/values/format";
import type { ColumnProfile } from "@canvasback/client/api/schema";
import { type Bin, binsOf, rangeWords } from "./bins";
import { Histogram } from "./Histogram";

export interface BrushProps {
  profile: ColumnProfile;
  height: number;
  bars: number;
  withKeys?: boolean;
  /** Bins of the profile, `end` exclusive. */
  onPick(first: number, end: number, add: boolean): void;
}

interface Taken {
  anchor: number;
  focus: number;
}

const spanOf = ({ anchor, focus }: Taken): [number, number] => [Math.min(anchor, focus), Math.max(anchor, focus)];

export function Brush({ profile, height, bars, withKeys, onPick }: BrushProps) {
  const bins = binsOf(profile.histogram?.counts ?? [], bars);
  const [taken, setTaken] = useState<Taken | null>(null);
  const host = useRef<HTMLDivElement>(null);
  const dragging = useRef(false);
  const barAt = (event: PointerEvent): number => {
    const box = host.current?.getBoundingClientRect();
    if (!box || box.width === 0) return 0;
    const at = Math.floor(((event.clientX - box.left) / box.width) * bins.length);
    return Math.max(0, Math.min(bins.length - 1, at));
  };
  const pick = (span: Taken, add: boolean): void => {
    const [first, last] = spanOf(span).map((at) => bins[at] as Bin) as [Bin, Bin];
    onPick(first.first, last.end, add);
    setTaken(null);
  };
  const keys = (event: KeyboardEvent): void => {
    const now = taken ?? { anchor: 0, focus: 0 };
    const move = (to: number): void => {
      event.preventDefault();
      const focus = Math.max(0, Math.min(bins.length - 1, to));
      setTaken({ anchor: event.shiftKey ? now.anchor : focus, focus });
    };
    if (event.key === "ArrowRight") move(taken ? now.focus + 1 : 0);
    else if (event.key === "ArrowLeft") move(now.focus - 1);
    else if (event.key === "Home") move(0);
    else if (event.key === "End") move(bins.length - 1);
    else if (event.key === "Enter" && taken) {
      event.preventDefault();
      pick(taken, event.shiftKey);
    }
  };
  const span = taken && spanOf(taken);
  const inSpan = span ? bins.slice(span[0], span[1] + 1) : [];
  const rows = inSpan.reduce((sum, bin) => sum + bin.count, 0);
  const words = inSpan.length
    ? `${rangeWords(profile, (inSpan[0] as Bin).first, (inSpan.at(-1) as Bin).end)}: ${integer(rows)} rows`
    : "";
  const label = `Histogram of ${profile.name}`;
  return (
    <div className="brush">
      <div
        ref={host}
        className="brush-area"
        style={{ height }}
        {...(withKeys
          ? {
              tabIndex: 0,
              role: "slider",
              "aria-label": `${label}. Arrows choose, Shift extends, Enter filters`,
              "aria-valuemin": 0,
              "aria-valuemax": Math.max(0, bins.length - 1),
              "aria-valuenow": taken?.focus ?? 0,
              "aria-valuetext": words || "no range chosen",
              onKeyDown: keys,
              onBlur: () => setTaken(null),
            }
          : {})}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.stopPropagation();
          event.currentTarget.setPointerCapture(event.pointerId);
          dragging.current = true;
          const at = barAt(event);
          setTaken({ anchor: at, focus: at });
        }}
        onPointerMove={(event) => {
          const at = barAt(event);
          if (dragging.current) setTaken((now) => now && { ...now, focus: at });
        }}
        onPointerUp={(event) => {
          if (!dragging.current || !taken) return;
          dragging.current = false;
          pick({ ...taken, focus: barAt(event) }, event.shiftKey);
        }}
        onPointerCancel={() => {
          dragging.current = false;
          setTaken(null);
        }}
      >
        <Histogram counts={bins.map((bin) => bin.count)} height={height} label={label} />
        {span && (
          <div
            className="brush-span"
            style={{
              left: `${(span[0] / bins.length) * 100}%`,
              width: `${((span[1] - span[0] + 1) / bins.length) * 100}%`,
            }}
          />
        )}
      </div>
      {withKeys && (
        <div className="brush-words dim" aria-hidden>
          {words || "Drag, or arrows and Enter, to filter"}
        </div>
      )}
    </div>
  );
}
