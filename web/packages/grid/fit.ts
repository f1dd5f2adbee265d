import type { DataFrame } from "@canvasback/frame/dataFrame";
import { kindOf } from "@canvasback/values/typeKind";
import { shown } from "@canvasback/values/visibleText";

const FIT_ROWS = 200;
const PADDING = 22;
/** Room for the menu and the arrow of sorting. */
const HEADER_PADDING = 58;
const WIDTH_MIN = 64;
/** The first numbers are often the small ones. */
const NUMBER_WIDTH_MIN = 104;

/** The width that a text takes in the type of names and totals, with the room beside it, in pixels. */
export function boldWidth(text: string): number {
  const context = document.createElement("canvas").getContext("2d");
  if (!context) return 0;
  context.font = `600 12.5px ${getComputedStyle(document.body).fontFamily}`;
  return Math.ceil(context.measureText(text).width) + PADDING;
}

/** The width that a column's name and its loaded values from a row on take, in pixels. */
export function fitWidth(frame: DataFrame, index: number, first: number, widthMax = 600): number {
  const context = document.createElement("canvas").getContext("2d");
  const { name = "", type = "" } = frame.columns[index] ?? {};
  if (!context) return 120;
  const style = getComputedStyle(document.body);
  context.font = `600 12.5px ${style.fontFamily}`;
  let width = context.measureText(name).width + HEADER_PADDING;
  if (kindOf(type) === "number") width = Math.max(width, NUMBER_WIDTH_MIN);
  const mono = ["nested", "binary"].includes(kindOf(type));
  context.font = mono ? `12px ${style.getPropertyValue("--cb-mono")}` : `13px ${style.fontFamily}`;
  for (let row = first; row < first + FIT_ROWS; ++row) {
    const value = frame.getCell(row, index);
    if (value) width = Math.max(width, context.measureText(shown(value)).width + PADDING);
  }
  return Math.round(Math.min(widthMax, Math.max(WIDTH_MIN, width)));
}
