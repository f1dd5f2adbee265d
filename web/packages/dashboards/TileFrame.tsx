/** A tile of the page: its title, what can be done with it, and its picture once the numbers are there. */
import { useEffect, useId, useMemo, useRef, useState } from "react";

import { pictureOf } from "@canvasback/charts/picture";
import type { Grain } from "@canvasback/charts/timeAxis";
import { AnswerTable } from "./AnswerTable";
import { csvOf, csvOfTime, fileName } from "./csv";
import { DotsIcon } from "./icons";
import { labelOfName } from "./model";
import {
  type Dashboard,
  type Tile,
  dimensionNamed,
  grainsOf,
  isOverTime,
  metricsOfTile,
  titleOf,
  widthOf,
} from "./model";
import { Markdown } from "./markdown";
import { Popup } from "./Popup";
import { TileBody, type TileHandlers } from "./TileBody";
import { TileGuard } from "./TileGuard";
import type { AnsweredModel, Filters, TileChange } from "./source";
import { timeShapeOf } from "./timeShape";
import type { Slot } from "./useAnswers";

export interface TileFrameProps {
  dashboard: Dashboard;
  tile: Tile;
  slot: Slot | undefined;
  isLoading: boolean;
  model: AnsweredModel | undefined;
  filters: Filters;
  change: TileChange;
  compareName: string;
  /** Under the title of exported pictures: the period, the filters. */
  subtitle: string;
  /** The measure can be chosen on the page. */
  isExploring?: boolean | undefined;
  handlers: TileHandlers;
  onInSight(isInSight: boolean): void;
  /** The rows behind; a text says why there are none. */
  rows: (() => void) | string | undefined;
}

const SIGHT_MARGIN = "300px";

function useInSight(onInSight: (isInSight: boolean) => void) {
  const ref = useRef<HTMLElement>(null);
  const latest = useRef(onInSight);
  latest.current = onInSight;
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new IntersectionObserver(([entry]) => entry && latest.current(entry.isIntersecting), {
      rootMargin: SIGHT_MARGIN,
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return ref;
}

export function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** The measure that the page shows now, as the tile's own. */
function changed(tile: Tile, { measure, measures, grain, by }: TileChange): Tile {
  const made = { ...tile };
  if (measure !== undefined) made.measure = measure;
  if (measures !== undefined) made.measures = measures;
  if (grain !== undefined) made.grain = grain;
  if (by !== undefined) made.by = by;
  return made;
}

function GrainSelect({ grains, grain, onGrain }: { grains: Grain[]; grain: string; onGrain(grain: Grain): void }) {
  return (
    <select
      className="dash-small"
      aria-label="Grain"
      value={grain}
      onChange={(event) => onGrain(event.currentTarget.value as Grain)}
    >
      {grains.map((each) => (
        <option key={each} value={each}>
          {labelOfName(each)}
        </option>
      ))}
    </select>
  );
}

function MeasureSelect({ props, tile }: { props: TileFrameProps; tile: Tile }) {
  const metrics = metricsOfTile(props.dashboard, tile);
  if (!props.isExploring || !metrics || tile.measure === undefined || tile.type === "card") return null;
  return (
    <select
      className="dash-small"
      aria-label="Measure"
      value={tile.measure}
      onChange={(event) => props.handlers.onChange({ measure: event.currentTarget.value })}
    >
      {metrics.measures.map(({ name, label }) => (
        <option key={name} value={name}>
          {label}
        </option>
      ))}
    </select>
  );
}

export function TileFrame(props: TileFrameProps) {
  const { dashboard, slot, isLoading, model, handlers, compareName } = props;
  const tile = useMemo(() => changed(props.tile, props.change), [props.tile, props.change]);
  const metrics = metricsOfTile(dashboard, tile);
  const title = titleOf(dashboard, tile);
  const heading = useId();
  const ref = useInSight(props.onInSight);
  const body = useRef<HTMLDivElement>(null);
  const [isTable, setIsTable] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const answer = slot?.answer ?? null;
  const shape = useMemo(
    () => (answer && isOverTime(tile) ? timeShapeOf(answer, { metrics, model, compareName }) : null),
    [answer, tile, metrics, model, compareName],
  );
  const isPicture = !["card", "table", "pivot", "text"].includes(tile.type);
  const isBodyTable = tile.type === "table" || tile.type === "pivot";
  const exportCsv = (): void => {
    if (!answer) return;
    const text = shape ? csvOfTime(shape) : csvOf(answer, compareName);
    save(new Blob(["\ufeff", text], { type: "text/csv" }), fileName(title, "csv"));
  };
  const exportPicture = (): void => {
    const svg = body.current?.querySelector<SVGSVGElement>(".chart-surface > svg");
    if (!svg) return;
    pictureOf(svg, { title, subtitle: props.subtitle }).then(
      (blob) => save(blob, fileName(title, "png")),
      (error: unknown) => setFailure(`The picture could not be made: ${(error as Error).message}`),
    );
  };
  const unused = (answer?.unused_filters ?? []).filter((name) => name in props.filters);
  const style = { "--dash-span": widthOf(tile), ...(tile.height ? { "--dash-rows": tile.height } : {}) };
  if (tile.type === "text") {
    return (
      <section ref={ref} className="dash-tile" data-type="text" style={style as React.CSSProperties}>
        {title !== "" && <h2>{title}</h2>}
        <Markdown text={tile.text ?? ""} />
      </section>
    );
  }
  return (
    <section
      ref={ref}
      role="group"
      className="dash-tile"
      data-type={tile.type}
      data-stale={(isLoading && answer !== null) || undefined}
      aria-labelledby={heading}
      aria-busy={isLoading}
      style={style as React.CSSProperties}
    >
      <header>
        <h2 id={heading}>{title}</h2>
        <MeasureSelect props={props} tile={tile} />
        {shape && (
          <GrainSelect
            grains={grainsOf(metrics)}
            grain={shape.grain}
            onGrain={(grain) => handlers.onChange({ grain })}
          />
        )}
        <TileMenu
          title={title}
          rows={props.rows}
          hasAnswer={answer !== null}
          isTable={isTable}
          onTable={isBodyTable || tile.type === "card" ? undefined : () => setIsTable(!isTable)}
          onCsv={exportCsv}
          onPicture={isPicture && !isTable ? exportPicture : undefined}
        />
      </header>
      {tile.description && <p className="dash-note">{tile.description}</p>}
      {(slot?.error ?? failure) && (
        <p
          className={slot?.isUnavailable ? "dash-unavailable" : "dash-problem"}
          role={slot?.isUnavailable ? "note" : "alert"}
        >
          {slot?.error ?? failure}
        </p>
      )}
      <div ref={body} className="dash-body">
        {answer ? (
          isTable ? (
            <AnswerTable label={title} answer={answer} metrics={metrics} shape={shape} compareName={compareName} />
          ) : (
            <TileGuard of={answer}>
              <TileBody
                tile={tile}
                title={title}
                answer={answer}
                shape={shape}
                metrics={metrics}
                model={model}
                filters={props.filters}
                change={props.change}
                compareName={compareName}
                handlers={handlers}
              />
            </TileGuard>
          )
        ) : (
          !slot?.error && <Waiting tile={tile} />
        )}
      </div>
      {unused.length > 0 && (
        <p className="dash-note">
          Not filtered by {unused.map((name) => dimensionNamed(undefined, name).label.toLowerCase()).join(", ")}.
        </p>
      )}
    </section>
  );
}

/** About as high as what comes, so that hardly anything moves. */
function Waiting({ tile }: { tile: Tile }) {
  const height = tile.type === "card" ? 96 : tile.type === "table" || tile.type === "pivot" ? 320 : 240;
  return <div className="dash-waiting" role="status" aria-label="Loading" style={{ height }} />;
}

interface TileMenuProps {
  title: string;
  rows: TileFrameProps["rows"];
  hasAnswer: boolean;
  isTable: boolean;
  onTable: (() => void) | undefined;
  onCsv(): void;
  onPicture: (() => void) | undefined;
}

function TileMenu({ title, rows, hasAnswer, isTable, onTable, onCsv, onPicture }: TileMenuProps) {
  return (
    <Popup label={`${title}: options`} button={<DotsIcon />} isIcon align="right">
      {(close) => {
        const entry = (words: string, act: () => void) => (
          <li>
            <button
              type="button"
              disabled={!hasAnswer}
              onClick={() => {
                close();
                act();
              }}
            >
              {words}
            </button>
          </li>
        );
        return (
          <ul className="dash-choices">
            {onTable && entry(isTable ? "Show as chart" : "Show as table", onTable)}
            {typeof rows === "function" && entry("Open the rows behind it", rows)}
            {typeof rows === "string" && <li className="dash-note">{rows}</li>}
            {entry("Download as CSV", onCsv)}
            {onPicture && entry("Download as PNG", onPicture)}
          </ul>
        );
      }}
    </Popup>
  );
}
