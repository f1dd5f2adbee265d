/** A profile in the space of a column header. */
import { memo } from "react";

import { compact, figure, percent } from "@canvasback/values/format";
import type { ColumnProfile } from "@canvasback/client/api/schema";
import { labelOf } from "@canvasback/values/visibleText";
import { Brush } from "./Brush";
import { Histogram } from "./Histogram";
import { binsOf, canBrush } from "./bins";
import "./panel.css";

export const MINI_PROFILE_HEIGHT = 46;

/** What a profile is filtered by: bins of its histogram, or one of its values. */
export interface ProfileFilter {
  onRange(profile: ColumnProfile, first: number, end: number, add: boolean): void;
  onValue(profile: ColumnProfile, value: string | null, add: boolean): void;
}

const MINI_BARS = 28;
const textOf = (value: unknown): string | null => (value === null ? null : String(value));

function Shares({ profile, filter }: { profile: ColumnProfile; filter: ProfileFilter | undefined }) {
  const total = profile.count + profile.nulls;
  const hint = filter ? "\nClick to filter, Shift adds" : "";
  return (
    <div className="mini-shares">
      {(profile.top ?? []).slice(0, 2).map((each, i) => (
        // The same by the keyboard: the column's menu.
        <div
          key={i}
          className="mini-share"
          data-picks={filter !== undefined}
          title={`${String(each.value)}: ${each.count.toLocaleString("en")}${hint}`}
          onClick={(event) => filter?.onValue(profile, textOf(each.value), event.shiftKey)}
        >
          <div style={{ width: `${(each.count / Math.max(1, total)) * 100}%` }} />
          <span>{labelOf(textOf(each.value))}</span>
        </div>
      ))}
    </div>
  );
}

interface MiniProfileProps {
  profile: ColumnProfile | undefined;
  filter?: ProfileFilter | undefined;
}

export const MiniProfile = memo(function MiniProfile({ profile, filter }: MiniProfileProps) {
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
        filter && canBrush(profile) ? (
          <Brush
            profile={profile}
            height={24}
            bars={MINI_BARS}
            onPick={(first, end, add) => filter.onRange(profile, first, end, add)}
          />
        ) : (
          <Histogram
            counts={binsOf(counts, MINI_BARS).map((bin) => bin.count)}
            height={24}
            label={`Histogram of ${profile.name}`}
          />
        )
      ) : frequent ? (
        <Shares profile={profile} filter={filter} />
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
