/** Period and comparison: presets, or days from a calendar. */
import { useState } from "react";

import { CalendarIcon } from "./icons";
import type { Compare, PeriodSpec } from "./model";
import { COMPARISONS, PRESETS, dayAfter, dayBefore, periodText, periodWords, spanWords } from "./periods";
import { Popup } from "./Popup";
import type { Span } from "./source";

interface PeriodPickerProps {
  period: PeriodSpec;
  /** What it became, by the data. */
  span: Span | null;
  onPeriod(period: PeriodSpec): void;
}

function Days({ span, onPick }: { span: Span | null; onPick(period: PeriodSpec): void }) {
  const [from, setFrom] = useState(span?.from ?? "");
  const [last, setLast] = useState(span?.to ? dayBefore(span.to) : "");
  const isTurned = from !== "" && last !== "" && last < from;
  return (
    <form
      className="dash-days"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isTurned && (from || last)) onPick({ from: from || null, to: last ? dayAfter(last) : null });
      }}
    >
      <label>
        From
        <input type="date" value={from} onChange={(event) => setFrom(event.currentTarget.value)} />
      </label>
      <label>
        To
        <input type="date" value={last} onChange={(event) => setLast(event.currentTarget.value)} />
      </label>
      <button type="submit" className="dash-button" disabled={isTurned || (!from && !last)}>
        Apply
      </button>
      {isTurned && <p role="alert">The last day lies before the first.</p>}
    </form>
  );
}

export function PeriodPicker({ period, span, onPeriod }: PeriodPickerProps) {
  const words = periodWords(period);
  const days = span && (span.from ?? span.to) !== null ? spanWords(span) : "";
  return (
    <Popup
      label="Period"
      button={
        <>
          <CalendarIcon />
          <span>
            <span className="dash-label">Period </span>
            {words}
            {days !== "" && days !== words && <span className="dash-dim"> · {days}</span>}
          </span>
        </>
      }
    >
      {(close) => {
        const pick = (chosen: PeriodSpec): void => {
          onPeriod(chosen);
          close();
        };
        return (
          <>
            <ul className="dash-choices">
              {PRESETS.map(([name, text]) => (
                <li key={name}>
                  <button type="button" aria-pressed={periodText(period) === name} onClick={() => pick(name)}>
                    {text}
                  </button>
                </li>
              ))}
            </ul>
            <Days span={span} onPick={pick} />
          </>
        );
      }}
    </Popup>
  );
}

interface ComparePickerProps {
  compare: Compare;
  onCompare(compare: Compare): void;
}

export function ComparePicker({ compare, onCompare }: ComparePickerProps) {
  return (
    <label className="dash-select">
      <span className="dash-label">Compare with</span>
      <select value={compare} onChange={(event) => onCompare(event.currentTarget.value as Compare)}>
        {COMPARISONS.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
