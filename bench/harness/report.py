"""The results as one HTML page: the newest run's comparisons, load and inner loops, and the history of each ratio.

Self-contained: no script, no font, no picture from elsewhere; drawings are SVG.
"""

import html
import json
import math
import pathlib

from harness import micro, table

STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; color: #1c2430; background: #fff; max-width: 68rem; margin: 2rem auto;
  padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2.2rem }
p.note { color: #5b6675; max-width: 48rem }
table { border-collapse: collapse; width: 100% }
td, th { padding: .22rem .5rem; text-align: right; white-space: nowrap }
td:first-child, th:first-child, .left { text-align: left !important }
tr + tr td { border-top: 1px solid #e6eaef } th { color: #5b6675; font-weight: 500 }
.yes { color: #117a4b } .no { color: #b3261e; font-weight: 600 }
svg text { font: 11px system-ui, sans-serif; fill: #5b6675 }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: 1rem }
figure { margin: 0 } figcaption { font-weight: 500 }
@media (prefers-color-scheme: dark) { body { color: #e4e8ee; background: #14181e } tr + tr td { border-color: #2a313b }
  .yes { color: #5fd49b } .no { color: #ff8a80 } svg text, th, p.note { fill: #9aa6b5; color: #9aa6b5 } }
"""
BAR_WIDTH, BAR_HEIGHT = 260, 14
RATIO_SCALE_MAX = 16.0  # a bar's right end; ratios are drawn on a logarithmic scale from 1/4
RATIO_SCALE_MIN = 0.25
CHART_WIDTH, CHART_HEIGHT, CHART_LEFT, CHART_BOTTOM = 330, 130, 36, 18


def _x_of_ratio(ratio: float) -> float:
    clamped = min(max(ratio, RATIO_SCALE_MIN), RATIO_SCALE_MAX)
    return BAR_WIDTH * math.log(clamped / RATIO_SCALE_MIN) / math.log(RATIO_SCALE_MAX / RATIO_SCALE_MIN)


def _bar(row: dict) -> str:
    """The ratio from 1 outwards, its spread as a thin line, its floor as a mark."""
    one, end = _x_of_ratio(1.0), _x_of_ratio(row["ratio"])
    colour = {None: "#7a8796", True: "#2a9d6a", False: "#d0483e"}[row["reached"]]
    parts = [
        f'<rect x="{min(one, end):.1f}" y="2" width="{max(abs(end - one), 1):.1f}" height="{BAR_HEIGHT - 4}" '
        f'fill="{colour}" opacity=".75"/>',
        f'<line x1="{_x_of_ratio(row["low"]):.1f}" x2="{_x_of_ratio(row["high"]):.1f}" y1="{BAR_HEIGHT / 2}" '
        f'y2="{BAR_HEIGHT / 2}" stroke="currentColor"/>',
        f'<line x1="{one:.1f}" x2="{one:.1f}" y1="0" y2="{BAR_HEIGHT}" stroke="#9aa6b5"/>',
    ]
    if row["floor"]:
        at = _x_of_ratio(row["floor"])
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{BAR_HEIGHT}" stroke="#c98a00" stroke-width="2"/>')
    return f'<svg width="{BAR_WIDTH}" height="{BAR_HEIGHT}" role="img">{"".join(parts)}</svg>'


def _comparisons(rows: list[dict]) -> str:
    out = ["<table><tr><th>operation<th class=left>figure<th>ours<th class=left>against<th>theirs<th>ratio"
           "<th>floor<th class=left>¼ … 16, logarithmic; amber: the floor</tr>"]  # fmt: skip
    for row in rows:
        if row["ratio"] is None:
            continue
        state = {None: "", True: "yes", False: "no"}[row["reached"]]
        floor = f'{row["floor"]:g}' if row["floor"] else ""
        cells = [html.escape(row["operation"]), table.number(row["ours"]), table.number(row["theirs"])]
        out.append(
            f'<tr><td>{cells[0]}<td class=left>{html.escape(row["figure"])}<td>{cells[1]}<td class=left>'
            f'{html.escape(row["against"])}<td>{cells[2]}<td class="{state}">{row["ratio"]:.2f}<td>{floor}'
            f'<td class=left>{_bar(row)}</tr>'
        )  # fmt: skip
    return "\n".join(out) + "</table>"


def _polyline(points: list[tuple[float, float]], colour: str, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in points)
    return f'<polyline points="{text}" fill="none" stroke="{colour}" stroke-width="1.5"{dash}/>{dots}'


Series = tuple[str, str, list[tuple[float, float]]]


def _chart(title: str, series: list[Series], ticks: list[tuple[float, str]], marks: list[float] = ()) -> str:
    """Lines over one x axis. series: (name, colour, [(x, value)]); marks: dashed horizontal values."""
    values = [value for _, _, points in series for _, value in points] + list(marks)
    top = max(values, default=1.0) * 1.1 or 1.0
    xs = [x for _, _, points in series for x, _ in points]
    low, high = min(xs, default=0), max(xs, default=1)

    def place(x: float, value: float) -> tuple[float, float]:
        across = (x - low) / (high - low) if high > low else 0.5
        return (CHART_LEFT + across * (CHART_WIDTH - CHART_LEFT - 12),
                4 + (1 - value / top) * (CHART_HEIGHT - CHART_BOTTOM - 8))  # fmt: skip

    parts = []
    for value in (0.0, top / 2, top):
        y = place(low, value)[1]
        parts.append(f'<line x1="{CHART_LEFT}" x2="{CHART_WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#9aa6b5" '
                     f'stroke-width=".4"/><text x="{CHART_LEFT - 4}" y="{y + 4:.1f}" text-anchor="end">'
                     f"{table.number(value) if value else 0}</text>")  # fmt: skip
    for mark in marks:
        y = place(low, mark)[1]
        parts.append(f'<line x1="{CHART_LEFT}" x2="{CHART_WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#c98a00" '
                     'stroke-dasharray="4 3"/>')  # fmt: skip
    for x, text in ticks:
        parts.append(f'<text x="{place(x, 0)[0]:.1f}" y="{CHART_HEIGHT - 3}" text-anchor="middle">{text}</text>')
    for _, colour, points in series:
        parts.append(_polyline([place(x, value) for x, value in points], colour))
    names = " ".join(f'<span style="color:{colour}">{html.escape(name)}</span>' for name, colour, _ in series)
    drawing = f'<svg width="{CHART_WIDTH}" height="{CHART_HEIGHT}" role="img">{"".join(parts)}</svg>'
    return f"<figure><figcaption>{html.escape(title)} {names}</figcaption>{drawing}</figure>"


def _load(records: list[dict]) -> str:
    """For each kind of request: rate and p99 over the number of clients."""
    held, out = table.Records(records), []
    for kind in ("pages", "sql"):
        counts = sorted({entry["clients"] for entry in records if entry.get("kind") == kind})
        for figure, title in (("requests_per_s", "requests a second"), ("p50_ms", "p50, ms"), ("p99_ms", "p99, ms")):
            series = []
            for server, colour in ((table.OURS, "#2a7de1"), (table.PEER, "#d9822b")):
                points = [(math.log2(count), _middle(held.figures(f"{kind}_{count}", server, figure)))
                          for count in counts if held.figures(f"{kind}_{count}", server, figure)]  # fmt: skip
                if points:
                    series.append((server, colour, points))
            if series:
                ticks = [(math.log2(count), str(count)) for count in counts]
                out.append(_chart(f"{kind}: {title} by clients", series, ticks))
    return f'<div class="grid">{"".join(out)}</div>'


def _middle(values: dict[int, float]) -> float:
    ordered = sorted(values.values())
    return ordered[len(ordered) // 2]


def _history(documents: list[dict]) -> str:
    """The ratio of each comparison that has a floor, over the runs."""
    kept: dict[tuple, list[tuple[int, dict]]] = {}
    for at, document in enumerate(documents):
        for row in document["table"]:
            if row["floor"] and row["ratio"] is not None and row["figure"] != "anonymous_mib":
                kept.setdefault((row["operation"], row["figure"], row["against"]), []).append((at, row))
    ticks = [(at, html.escape(document["commit"])) for at, document in enumerate(documents)]
    shown = ticks[:: max(1, len(ticks) // 4)]
    out = []
    for (operation, figure, against), points in kept.items():
        line = [(at, row["ratio"]) for at, row in points]
        out.append(_chart(f"{operation} {figure} against {against}", [("", "#2a7de1", line)], shown,
                          [points[-1][1]["floor"]]))  # fmt: skip
    return f'<div class="grid">{"".join(out)}</div>'


def _pre(lines: list[str]) -> str:
    return f"<pre>{html.escape(chr(10).join(lines))}</pre>"


def page(documents: list[dict]) -> str:
    """The report of some runs, oldest first."""
    if not documents:
        return "<!doctype html><title>Canvasback: measurements</title><p>There are no results yet."
    newest = documents[-1]
    told, versions = newest["machine"], newest["versions"]
    where = (f"{newest['date']} · commit {newest['commit']} · {told['cpu']}, {told['cores']} cores, "
             f"{told['memory_gib']} GiB, Linux {told['kernel']}")  # fmt: skip
    sections = [
        f"<h1>Canvasback: measurements</h1><p>{html.escape(where)}<br>{html.escape(json.dumps(versions))}<br>"
        f"orders, {newest['data']['rows']:,} rows; {newest['rounds']} rounds, medians",
        '<p class="note">A ratio says how much better ours is, 2 is twice as fast or half as much; both servers were '
        "asked in turns by one client in one run. The thin line is the spread over rounds.</p>",
        f"<h2>Comparisons</h2>{_comparisons(newest['table'])}",
        f"<h2>Processor and memory of one answer</h2>{_pre(table.cost_lines(newest['records']))}",
        f"<h2>Load</h2>{_load(newest['records'])}",
    ]
    if newest["micro"]:
        sections.append(f"<h2>Inner loops beside their limits</h2>{_pre(micro.lines(newest['micro']))}")
    sections.append(f"<h2>History of {len(documents)} runs</h2>{_history(documents)}")
    return ("<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            f"<title>Canvasback: measurements</title><style>{STYLE}</style><body>" + "\n".join(sections))  # fmt: skip


def write(results: pathlib.Path, path: pathlib.Path) -> pathlib.Path:
    """Draws every result of a folder, by date."""
    documents = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(results.glob("*.json"))]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(sorted(documents, key=lambda document: document["date"])), encoding="utf-8")
    return path
