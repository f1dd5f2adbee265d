/** A column's profile in words and a histogram. */
import { Skeleton } from "@mantine/core";

import { compact, figure, integer, percent } from "@canvasback/values/format";
import type { ColumnProfile, Filter } from "@canvasback/client/api/schema";
import { labelOf } from "@canvasback/values/visibleText";
import { Problem } from "../ui/states";
import { Brush } from "./Brush";
import { Histogram } from "./Histogram";
import type { ProfileFilter } from "./MiniProfile";
import { canBrush } from "./bins";
import { useColumnProfile } from "./profiles";

const QUANTILES: readonly [string, string][] = [
  ["0.05", "5 %"],
  ["0.25", "25 %"],
  ["0.5", "median"],
  ["0.75", "75 %"],
  ["0.95", "95 %"],
];

function distinctText(profile: ColumnProfile): string {
  if (profile.distinct === null || profile.distinct === undefined) return "–";
  return (profile.distinct_exact ? "" : "≈ ") + integer(profile.distinct);
}

export function ProfileFigures({ profile }: { profile: ColumnProfile }) {
  const total = profile.count + profile.nulls;
  const facts: [string, string][] = [
    ["Distinct", distinctText(profile)],
    [
      "NULL",
      profile.nulls === 0 ? "none" : `${compact(profile.nulls)} (${percent(profile.nulls / Math.max(1, total))})`,
    ],
  ];
  if (profile.min !== undefined && profile.min !== null)
    facts.push(["Min", figure(profile.min)], ["Max", figure(profile.max)]);
  if (profile.mean !== undefined && profile.mean !== null)
    facts.push(["Mean", figure(profile.mean)], ["Std", figure(profile.std)]);
  if (profile.nan) facts.push(["NaN", integer(profile.nan)]);
  if (profile.infinite) facts.push(["Infinity", integer(profile.infinite)]);
  if (profile.length) facts.push(["Length", `${profile.length.min} … ${profile.length.max}`]);
  if (profile.empty) facts.push(["Empty", integer(profile.empty)]);
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd title={value}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function TopValues({ profile, count = 8 }: { profile: ColumnProfile; count?: number }) {
  const total = Math.max(1, profile.count + profile.nulls);
  const most = Math.max(1, profile.top?.[0]?.count ?? 1);
  return (
    <div className="top-values">
      {(profile.top ?? []).slice(0, count).map((each, i) => (
        <div key={i} className="top-value">
          <span className="cut" title={String(each.value)}>
            {labelOf(each.value === null ? null : String(each.value))}
          </span>
          <div className="top-bar">
            <div style={{ width: `${(each.count / most) * 100}%` }} />
          </div>
          <small>{percent(each.count / total)}</small>
        </div>
      ))}
    </div>
  );
}

export function Quantiles({ profile }: { profile: ColumnProfile }) {
  const found = QUANTILES.filter(([at]) => profile.quantiles?.[at] !== undefined);
  if (found.length === 0) return null;
  return (
    <dl className="quantiles">
      {found.map(([at, name]) => (
        <div key={at}>
          <dt>{name}</dt>
          <dd title={figure(profile.quantiles?.[at])}>{figure(profile.quantiles?.[at]).slice(0, 10)}</dd>
        </div>
      ))}
    </dl>
  );
}

interface ProfileCardProps {
  dataset: string;
  version: string | undefined;
  column: string;
  filter: Filter | undefined;
  small?: boolean;
  /** Where the rows can be filtered from here. */
  onFilter?: ProfileFilter | undefined;
}

export function ProfileCard({ dataset, version, column, filter, small, onFilter }: ProfileCardProps) {
  const { data: profile, error, isPending } = useColumnProfile(dataset, version, column, filter, true);
  if (error) return <Problem error={error} />;
  if (isPending || !profile) return <Skeleton height={small ? 64 : 150} />;
  const counts = profile.histogram?.counts;
  return (
    <div className="profile-card">
      {onFilter && canBrush(profile) && (
        <Brush
          profile={profile}
          height={38}
          bars={counts?.length ?? 1}
          withKeys
          onPick={(first, end, add) => onFilter.onRange(profile, first, end, add)}
        />
      )}
      {counts && counts.length > 1 && !(onFilter && canBrush(profile)) && (
        <Histogram counts={counts} height={small ? 38 : 64} label={`Histogram of ${column}`} />
      )}
      <ProfileFigures profile={profile} />
      {!small && <Quantiles profile={profile} />}
      {!small && (!counts || counts.length < 2) && <TopValues profile={profile} />}
    </div>
  );
}
