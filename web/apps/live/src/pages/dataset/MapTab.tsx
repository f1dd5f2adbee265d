/** Any two columns against each other, as the server draws them: a picture of the part in sight, whatever the rows. */
import { ActionIcon, Select, SegmentedControl, Tooltip } from "@mantine/core";
import { IconMinus, IconPlus, IconZoomReset } from "@tabler/icons-react";
import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from "react";

import { figure, integer } from "@canvasback/values/format";
import type { DatasetDetail, Filter } from "@canvasback/client/api/schema";
import { kindOf } from "@canvasback/values/typeKind";
import type { DatasetSearch } from "../../state/addresses";
import { Bar, Empty, Problem } from "../../ui/states";
import { type Bounds, moved, usePicture, useWholeBounds, valueAt, zoomed } from "./picture";
import "./map.css";

export interface MapTabProps {
  dataset: DatasetDetail;
  search: DatasetSearch;
  filter: Filter | undefined;
  onSearch(change: Partial<Record<keyof DatasetSearch, string | undefined>>): void;
}

const ZOOM_STEP = 1.5;
const PAN_STEP = 0.15;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

const isDate = (type: string): boolean => /^(DATE|TIMESTAMP)/.test(type);

/** A place on an axis in words; a date is its microseconds since 1970. */
function axisText(value: number, type: string, span: number): string {
  if (!isDate(type)) return figure(Number(value.toPrecision(span < Math.abs(value) / 1000 ? 9 : 4)));
  const iso = new Date(value / 1000).toISOString();
  return span < 3 * 86_400e6 ? iso.slice(0, 16).replace("T", " ") : iso.slice(0, 10);
}

interface Axes {
  x: string;
  y: string;
  xType: string;
  yType: string;
}

function Picture({
  dataset,
  filter,
  axes,
  measure,
  value,
  scale,
}: Choice & { dataset: DatasetDetail; filter: Filter | undefined; axes: Axes }) {
  const question = useMemo(
    () => ({ dataset: dataset.name, version: dataset.version, x: axes.x, y: axes.y, measure, value, scale, filter }),
    [dataset.name, dataset.version, axes.x, axes.y, measure, value, scale, filter],
  );
  const whole = useWholeBounds(question);
  const [view, setView] = useState<Bounds | null>(null);
  useEffect(() => setView(null), [axes.x, axes.y, filter]);
  const bounds = view ?? whole.data ?? null;
  const picture = usePicture(question, bounds);
  const host = useRef<HTMLDivElement>(null);
  const drag = useRef<{ x: number; y: number; from: Bounds } | null>(null);
  const [pointer, setPointer] = useState<{ x: number; y: number } | null>(null);
  const latest = useRef(bounds);
  latest.current = bounds;

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      const box = element.getBoundingClientRect();
      const at = { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
      if (latest.current) setView(zoomed(latest.current, at, Math.exp(-event.deltaY * 0.0015)));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, [bounds === null]);

  const error = whole.error ?? picture.error;
  if (error) return <Problem error={error} />;
  if (!bounds) {
    return (
      <Empty title="Reading the value range">
        <div style={{ width: 220 }}>
          <Bar share={null} label="Reading the value range" />
        </div>
      </Empty>
    );
  }
  const width = bounds.x_max - bounds.x_min;
  const height = bounds.y_max - bounds.y_min;
  const share = (event: PointerEvent): { x: number; y: number } => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  };
  const keys = (event: KeyboardEvent): void => {
    const steps: Record<string, Bounds> = {
      ArrowLeft: moved(bounds, -PAN_STEP, 0),
      ArrowRight: moved(bounds, PAN_STEP, 0),
      ArrowUp: moved(bounds, 0, PAN_STEP),
      ArrowDown: moved(bounds, 0, -PAN_STEP),
      "+": zoomed(bounds, { x: 0.5, y: 0.5 }, ZOOM_STEP),
      "-": zoomed(bounds, { x: 0.5, y: 0.5 }, 1 / ZOOM_STEP),
    };
    const next = steps[event.key];
    if (event.key === "0") setView(null);
    else if (!next) return;
    else setView(next);
    event.preventDefault();
  };
  const { shown } = picture;
  const hovered = pointer && picture.cells ? valueAt(picture.cells, bounds, pointer) : null;
  return (
    <div className="map">
      <div className="map-y" aria-hidden>
        {TICKS.map((tick) => (
          <span key={tick} style={{ bottom: `${tick * 100}%` }}>
            {axisText(bounds.y_min + height * tick, axes.yType, height)}
          </span>
        ))}
      </div>
      <div
        ref={host}
        className="map-view"
        tabIndex={0}
        role="application"
        aria-label={`${axes.y} over ${axes.x}. Arrow keys pan, plus and minus zoom, 0 resets`}
        onKeyDown={keys}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.current = { ...share(event), from: bounds };
        }}
        onPointerMove={(event) => {
          const at = share(event);
          setPointer(at);
          const { current } = drag;
          if (current) setView(moved(current.from, current.x - at.x, at.y - current.y));
        }}
        onPointerUp={() => (drag.current = null)}
        onPointerLeave={() => setPointer(null)}
      >
        {shown && (
          <img
            src={shown.url}
            alt={`Density of ${axes.y} over ${axes.x}`}
            draggable={false}
            style={{
              left: `${((shown.bounds.x_min - bounds.x_min) / width) * 100}%`,
              top: `${((bounds.y_max - shown.bounds.y_max) / height) * 100}%`,
              width: `${((shown.bounds.x_max - shown.bounds.x_min) / width) * 100}%`,
              height: `${((shown.bounds.y_max - shown.bounds.y_min) / height) * 100}%`,
            }}
          />
        )}
        {picture.loading && (
          <div className="map-busy">
            <Bar share={null} label="Rendering" />
          </div>
        )}
        <div className="map-tools">
          <ActionIcon
            variant="default"
            aria-label="Zoom in"
            onClick={() => setView(zoomed(bounds, { x: 0.5, y: 0.5 }, ZOOM_STEP))}
          >
            <IconPlus size={15} />
          </ActionIcon>
          <ActionIcon
            variant="default"
            aria-label="Zoom out"
            onClick={() => setView(zoomed(bounds, { x: 0.5, y: 0.5 }, 1 / ZOOM_STEP))}
          >
            <IconMinus size={15} />
          </ActionIcon>
          <Tooltip label="Reset view">
            <ActionIcon variant="default" aria-label="Reset view" onClick={() => setView(null)}>
              <IconZoomReset size={15} />
            </ActionIcon>
          </Tooltip>
        </div>
      </div>
      <div className="map-x" aria-hidden>
        {TICKS.map((tick) => (
          <span key={tick} style={{ left: `${tick * 100}%` }}>
            {axisText(bounds.x_min + width * tick, axes.xType, width)}
          </span>
        ))}
      </div>
      <div className="map-foot" role="status">
        {pointer && (
          <span>
            {axes.x} {axisText(bounds.x_min + width * pointer.x, axes.xType, width)} · {axes.y}{" "}
            {axisText(bounds.y_max - height * pointer.y, axes.yType, height)}
          </span>
        )}
        {hovered && (
          <strong>
            {integer(hovered.count)} {hovered.count === 1 ? "row" : "rows"} here
            {measure !== "count" && `, ${measure} ${figure(hovered.value)}`}
          </strong>
        )}
      </div>
    </div>
  );
}

interface Choice {
  measure: "count" | "sum" | "mean";
  value: string | undefined;
  scale: "eq_hist" | "log" | "linear";
}

export default function MapTab({ dataset, search, filter, onSearch }: MapTabProps) {
  const columns = (dataset.columns ?? []).filter(({ type }) => kindOf(type) === "number" || isDate(type));
  const numbers = columns.filter(({ type }) => kindOf(type) === "number");
  const [measure, setMeasure] = useState<Choice["measure"]>("count");
  const [scale, setScale] = useState<Choice["scale"]>("eq_hist");
  const find = (name: string | undefined) => columns.find((column) => column.name === name);
  const x = find(search.x) ?? columns.find(({ type }) => isDate(type)) ?? columns[0];
  const y = find(search.y) ?? columns.findLast((column) => column !== x && kindOf(column.type) === "number");
  if (!x || !y) return <Empty title="A density plot needs two numeric or date columns" />;
  const value = find(search.value)?.name ?? numbers[0]?.name;
  const names = columns.map((column) => column.name);
  return (
    <>
      <div className="toolbar">
        <Select
          aria-label="X axis"
          leftSection="x"
          w={160}
          data={names}
          value={x.name}
          allowDeselect={false}
          onChange={(name) => onSearch({ x: name ?? undefined })}
        />
        <Select
          aria-label="Y axis"
          leftSection="y"
          w={160}
          data={names}
          value={y.name}
          allowDeselect={false}
          onChange={(name) => onSearch({ y: name ?? undefined })}
        />
        <SegmentedControl
          aria-label="Measure"
          data={["count", "sum", "mean"]}
          value={measure}
          onChange={(chosen) => setMeasure(chosen as Choice["measure"])}
        />
        {measure !== "count" && (
          <Select
            aria-label="Measured column"
            w={150}
            data={numbers.map((column) => column.name)}
            value={value ?? null}
            allowDeselect={false}
            onChange={(name) => onSearch({ value: name ?? undefined })}
          />
        )}
        <span className="spacer" />
        <SegmentedControl
          aria-label="Colour scale"
          data={[
            { value: "eq_hist", label: "rank" },
            { value: "log", label: "log" },
            { value: "linear", label: "linear" },
          ]}
          value={scale}
          onChange={(chosen) => setScale(chosen as Choice["scale"])}
        />
      </div>
      <Picture
        dataset={dataset}
        filter={filter}
        axes={{ x: x.name, y: y.name, xType: x.type, yType: y.type }}
        measure={measure}
        value={measure === "count" ? undefined : value}
        scale={scale}
      />
    </>
  );
}
