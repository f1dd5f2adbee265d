// The results of run.mjs as one page that needs nothing else.

const NAMES = {
  ours: "Canvasback",
  aggrid: "AG Grid Community, infinite rows",
  glide: "Glide Data Grid",
  hightable: "hightable",
};

// [member, title, unit, digits, bound of the design or null]
const FIGURES = [
  ["first_rows_ms", "Time to the first rows", "ms", 0, null],
  ["work_p95_ms", "Main-thread work per frame, 95 %", "ms", 1, 8],
  ["processor_p95_ms", "Of that the processor's time, 95 %", "ms", 1, null],
  ["frame_p95_ms", "Frame time, 95 %", "ms", 1, 25],
  ["frames_over_25_ms", "Frames over 25 ms", "%", 1, 2],
  ["long_tasks", "Tasks over 50 ms", "", 0, 0],
  ["longest_task_ms", "Longest task", "ms", 0, 50],
  ["blank_longest_ms", "Longest time with a blank cell", "ms", 0, 150],
  ["jump_median_ms", "Go to row: until it is shown, median", "ms", 0, null],
  ["jump_p95_ms", "Go to row, 95 %", "ms", 0, null],
  ["heap_after_mb", "JavaScript heap after scrolling", "MB", 0, 150],
];

const escape = (text) => String(text).replace(/[&<>"]/g, (found) => `&#${found.charCodeAt(0)};`);

const valueOf = (result, member) => (member === "frames_over_25_ms" ? result[member] * 100 : result[member]);

/** Bars of one figure, a line at its bound. */
function chart(results, [member, title, unit, digits, bound]) {
  const values = results.map((result) => (result.failed ? null : valueOf(result, member)));
  const most = Math.max(bound ?? 0, ...values.filter((value) => value !== null)) || 1;
  const bars = results
    .map((result, i) => {
      const value = values[i];
      const y = 20 + i * 24;
      const name = `<text x="0" y="${y + 13}">${escape(NAMES[result.grid])}</text>`;
      if (value === null) return `${name}<text x="230" y="${y + 13}" class="bad">${escape("failed")}</text>`;
      const width = Math.max(1, (value / most) * 300);
      const state = bound !== null && value > bound ? "bad" : result.grid === "ours" ? "ours" : "other";
      return `${name}<rect x="230" y="${y}" width="${width}" height="17" class="${state}"/><text x="${236 + width}" y="${y + 13}">${value.toFixed(digits)} ${unit}</text>`;
    })
    .join("");
  const at = 230 + ((bound ?? 0) / most) * 300;
  const height = 24 + results.length * 24;
  const line = bound === null ? "" : `<line x1="${at}" x2="${at}" y1="16" y2="${height}"/>`;
  return `<figure><figcaption>${escape(title)}${bound === null ? "" : ` (bound ${bound} ${unit})`}</figcaption><svg viewBox="0 0 640 ${height}">${bars}${line}</svg></figure>`;
}

function reached(result) {
  if (result.failed) return `<td colspan="2">${escape(result.failed)}</td>`;
  const cell = ({ row, text }) => {
    const right = row === result.rows - 1;
    return `<td class="${right ? "good" : "bad"}">${(row + 1).toLocaleString("en")} <small>first column ${escape(text)}</small></td>`;
  };
  return cell(result.byBar) + cell(result.byJump);
}

function section(dataset, results) {
  const rows = results.find((result) => result.rows)?.rows ?? 0;
  const table = results.map((result) => `<tr><th>${escape(NAMES[result.grid])}</th>${reached(result)}</tr>`).join("");
  return `<h2>${escape(dataset)}: ${rows.toLocaleString("en")} rows</h2>
<div class="charts">${FIGURES.map((figure) => chart(results, figure)).join("")}</div>
<table><thead><tr><th></th><th>Last row at the end of the scroll bar</th><th>Last row by a jump</th></tr></thead><tbody>${table}</tbody></table>`;
}

export function report({ chromium, made, results }) {
  const seconds = [...new Set(results.map((result) => result.seconds).filter(Boolean))].join(" or ");
  const sets = [...new Set(results.map((result) => result.dataset))];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Grids in Chromium</title><style>
body { font: 14px/1.5 system-ui, sans-serif; margin: 32px auto; max-width: 1360px; padding: 0 20px; color: #1e2226; }
h1 { font-size: 22px; } h2 { margin-top: 40px; font-size: 17px; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(560px, 1fr)); gap: 10px 40px; }
figure { margin: 0; } figcaption { font-weight: 600; font-size: 13px; }
svg { width: 100%; font-size: 12px; } .ours { fill: #0f6478; } .other { fill: #b9c4c7; } rect.bad { fill: #c9695d; }
text.bad { fill: #b3372b; } line { stroke: #b3372b; stroke-dasharray: 3 3; }
table { border-collapse: collapse; margin-top: 14px; } th, td { text-align: left; padding: 5px 18px 5px 0; border-bottom: 1px solid #e3e4e1; }
td.good { color: #206a3d; } td.bad { color: #b3372b; } small { color: #656c73; }
</style></head><body>
<h1>Grids in Chromium</h1>
<p>Chromium ${escape(chromium)}, ${escape(made)}. Each grid was scrolled for ${seconds} seconds by wheel, thumb and jumps, the same
way for all, on the same server and stream; a dashed line is the bound that our grid is held to. Time to the first rows is the
median of four loads after a first.</p>
${sets
  .map((set) =>
    section(
      set,
      results.filter((result) => result.dataset === set),
    ),
  )
  .join("\n")}
</body></html>
`;
}
