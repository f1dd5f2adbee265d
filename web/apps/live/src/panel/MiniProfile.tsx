/** A profile in the space of a column header. */
import { memo } from "react";

import { compact, figure, percent } from "@canvasback/values/format";
import type { ColumnProfile } from "@canvasback/client/api/schema";
import { labelOf } from "@canvasback/values/visibleText";
import "./panel.css";

export const MINI_PROFILE_HEIGHT = 46;

export function Histogram({ counts, height, label }: { counts: readonly number[]; height: number; label: string }) {
  const top = Math.max(1, ...counts);
  const step = 100 / Math.max(1, counts.length);
  return (
    <svg
      className="histogram"
      viewBox={`0 0 100 ${height}`}
      preserveAspectRatio="none"
      style={{ height }}
      role="img"
      aria-label={label}
    >
      {counts.map((count, i) => {
        // A bin that has anything at all can be seen.
        const size = count === 0 ? 0 : Math.max(1, (count / top) * (height - 1));
        return <rect key={i} x={i * step} y={height - size} width={step * 0.88} height={size} />;
      })}
    </svg>
  );
}

function bins(counts: readonly number[], most: number): number[] {
  const size = Math.max(1, Math.ceil(counts.length / most));
  const merged: number[] = [];
  counts.forEach((count, i) => {
    const at = Math.floor(i / size);
    merged[at] = (merged[at] ?? 0) + count;
  });
  return merged;
}

function Shares({ profile }: { profile: ColumnProfile }) {
  const total = profile.count + profile.nulls;
  return (
    <div className="mini-shares">
      {(profile.top ?? []).slice(0, 2).map((each, i) => (
        <div key={i} className="mini-share" title={`${String(each.value)}: ${each.count.toLocaleString("en")}`}>
          <div style={{ width: `${(each.count / Math.max(1, total)) * 100}%` }} />
          <span>{labelOf(each.value === null ? null : String(each.value))}</span>
        </div>
      ))}
    </div>
  );
}

export const MiniProfile = memo(function MiniProfile({ profile }: { profile: ColumnProfile | undefined }) {
  if (!profile) return <div className="mini" aria-hidden />;
  const total = profile.count + profile.nulls;
  const counts = profile.histogram?.counts;
  const frequent = (profile.top?.[0]?.count ?? 0) > total * 0.004;
  const distinct =
    profile.distinct === null || profile.distinct === undefined
      ? ""
      : `${profile.distinct_exact ? "" : "≈"}${compact(profile.distinct)} distinct`;
  const range = profile.min === undefined ? "" : `${figure(profile.min)} … ${figure(profile.max)}`;
  return (
    <div
      className="mini"
      title={[range, distinct, `${percent(total ? profile.nulls / total : 0)} NULL`].filter(Boolean).join("\n")}
    >
      {counts && counts.length > 1 ? (
        <Histogram counts={bins(counts, 28)} height={24} label={`Histogram of ${profile.name}`} />
      ) : frequent ? (
        <Shares profile={profile} />
      ) : (
        <div className="mini-even" />
      )}
      <div className="mini-foot">
        <span>{distinct}</span>
        {profile.nulls > 0 && <span className="mini-null">{percent(profile.nulls / total)} null</span>}
      </div>
    </div>
  );
});
