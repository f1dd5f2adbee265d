/** The files of a published site (docs/published-sites.md), as `canvasback publish` writes them. */
import type { Answers } from "@canvasback/dashboards/source";
import type { PeriodSpec } from "@canvasback/dashboards/model";

export interface FileRef {
  file: string;
  bytes: number;
}

export interface SiteIndex {
  format: number;
  generation: number;
  published: string;
  title: string;
  dashboards: readonly { name: string; title: string; description?: string; page: FileRef }[];
}

export interface SiteDimension {
  type: string;
  values: number;
}

export type SiteMeasure = { type: string; exact: boolean; error?: number } & (
  | { make: "value"; leaf: number }
  | { make: "average"; sum: number; count: number }
  | { make: "ratio"; of: readonly [string, string] }
  | { make: "distinct"; sketch: string }
  | { make: "quantile"; q: number; sketch: string }
);

export interface SiteLeaf {
  merge: "sum" | "min" | "max";
  type: string;
  scale?: number;
}

export interface Rollup extends FileRef {
  kind: "leaves" | "distinct" | "quantile";
  footer: number;
  rows: number;
  grain: "none" | "hour" | "day" | "month";
  from: string | null;
  to: string | null;
  dimensions: readonly string[];
  order?: string;
  row_groups: readonly { offset: number; bytes: number; rows: number; first?: string | null; last?: string | null }[];
  leaves?: readonly number[];
  sketch?: string;
}

export interface SiteModel {
  name: string;
  dataset: string | null;
  timezone: string;
  week_start: "monday" | "sunday" | "saturday";
  newest: string | null;
  oldest?: string | null;
  first_day: string | null;
  last_day: string | null;
  dimensions: Readonly<Record<string, SiteDimension>>;
  measures: Readonly<Record<string, SiteMeasure>>;
  leaves: readonly SiteLeaf[];
  rollups: readonly Rollup[];
  unavailable: readonly { dimensions: readonly string[]; reason: string }[];
}

export interface SitePage {
  format: number;
  name: string;
  document: Record<string, unknown>;
  timezone: string;
  models: readonly SiteModel[];
  answers: readonly (FileRef & { period: PeriodSpec })[];
}

/** What index.html carries, so that the first chart needs no further file. */
export interface InlinedSite {
  index: SiteIndex;
  page: SitePage;
  answers: Answers | null;
}

export const FORMAT = 1;
