"""From records to the table: one row per comparison, its ratio over the rounds, and whether its floor is reached."""

import dataclasses
import statistics

from harness.operations import TARGETS, Target, memory_target

OURS, PEER = "canvasback", "peer"
HIGHER_IS_BETTER = {"requests_per_s"}


@dataclasses.dataclass
class Row:
    """One comparison. ratio: how much better ours is, the median over rounds; low and high: its spread."""

    operation: str
    figure: str
    against: str
    ours: float
    theirs: float | None
    ratio: float | None
    low: float | None
    high: float | None
    floor: float | None

    @property
    def reached(self) -> bool | None:
        return None if self.ratio is None or self.floor is None else self.ratio >= self.floor


class Records:
    """Figures by operation, server and round."""

    def __init__(self, records: list[dict]):
        self._by_key = {}
        for entry in records:
            self._by_key.setdefault((entry["operation"], entry["server"]), {})[entry["round"]] = entry

    def figures(self, operation: str, server: str, figure: str) -> dict[int, float]:
        """The figure of each round that has it."""
        rounds = self._by_key.get((operation, server), {})
        return {number: entry[figure] for number, entry in rounds.items() if entry.get(figure) is not None}

    def operations(self, server: str) -> list[str]:
        return [operation for operation, name in self._by_key if name == server]


def _sides(target: Target) -> tuple[tuple[str, str], tuple[str, str]]:
    """(operation, server) of our figure and of the one that it stands against."""
    if target.against == PEER:
        return (target.operation, OURS), (target.operation, PEER)
    if target.against == "page_first":
        return (target.operation, OURS), ("page_first", OURS)
    beside = "beside_bare_duckdb" if target.against == "bare_duckdb" else "beside_limits"
    return (target.operation, beside), (target.operation, target.against)


def compare(records: Records, target: Target, floor: float | None) -> Row | None:
    """The row of a target; None where ours was not measured."""
    our_side, their_side = _sides(target)
    ours = records.figures(*our_side, target.figure)
    theirs = records.figures(*their_side, target.figure)
    if not ours:
        return None
    ratios = []
    for number in ours.keys() & theirs.keys():
        mine = max(ours[number] - target.slack, 1e-9)
        ratios.append(mine / theirs[number] if target.figure in HIGHER_IS_BETTER else theirs[number] / mine)
    middle = lambda values: statistics.median(values) if values else None  # noqa: E731
    return Row(target.operation, target.figure, target.against, middle(ours.values()), middle(theirs.values()),
               middle(ratios), min(ratios, default=None), max(ratios, default=None), floor)  # fmt: skip


def rows_of(records: list[dict]) -> list[Row]:
    """Time and rate of every target, then what has no floor, then memory."""
    held = Records(records)
    rows = [row for target in TARGETS if (row := compare(held, target, target.floor))]
    seen = {(row.operation, row.against) for row in rows}
    for operation in held.operations(OURS):
        for figure in ("seconds", "requests_per_s"):
            row = compare(held, Target(operation, figure, PEER, 0.0), None)
            if row and (operation, PEER) not in seen:
                rows.append(row)
    for name in ("limit_stream_ours", "loop_arrow", "loop_ours"):
        if row := compare(held, Target("stream_arrow", "seconds", name, 0.0), None):
            rows.append(row)
    for operation in held.operations(OURS):
        peak = held.figures(operation, PEER, "anonymous_mib")
        if peak:
            target = memory_target(operation, statistics.median(peak.values()))
            if row := compare(held, target, target.floor):
                rows.append(row)
    return rows


def number(value: float | None) -> str:
    """Three significant digits, without an exponent."""
    if value is None:
        return "–"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 4
    return f"{value:,.{digits}f}"


def verdict(row: Row) -> str:
    return {None: "", True: "reached", False: "NOT reached"}[row.reached]


def lines(rows: list[Row]) -> list[str]:
    """The table as text."""
    cells = [["operation", "figure", "ours", "against", "theirs", "ratio", "spread", "floor", ""]]
    for row in rows:
        spread = f"{row.low:.2f}–{row.high:.2f}" if row.ratio is not None else ""
        ratio = f"{row.ratio:.2f}" if row.ratio is not None else "–"
        floor = f"{row.floor:g}" if row.floor is not None and row.ratio is not None else ""
        cells.append([row.operation, f"{row.figure}", number(row.ours), row.against if row.theirs is not None else "–",
                      number(row.theirs), ratio, spread, floor, verdict(row)])  # fmt: skip
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    left = {0, 1, 3, 8}
    return ["  ".join(cell.ljust(width) if i in left else cell.rjust(width)
                      for i, (cell, width) in enumerate(zip(line, widths))).rstrip() for line in cells]  # fmt: skip


def cost_lines(records: list[dict]) -> list[str]:
    """CPU seconds of one answer, and memory, of each operation that has them: medians over rounds."""
    held = Records(records)
    out = [f"{'operation':24} {'CPU s':>9} {'peer':>9}   {'MiB anonymous':>13} {'peer':>7}   "
           f"{'MiB peak':>8} {'peer':>7}"]  # fmt: skip
    for operation in held.operations(OURS):
        cells = []
        for figure in ("cpu_s", "anonymous_mib", "peak_mib"):
            for server in (OURS, PEER):
                values = held.figures(operation, server, figure).values()
                cells.append(number(statistics.median(values)) if values else "–")
        if cells[0] != "–":
            out.append(f"{operation:24} {cells[0]:>9} {cells[1]:>9}   {cells[2]:>13} {cells[3]:>7}   "
                       f"{cells[4]:>8} {cells[5]:>7}")  # fmt: skip
    return out


def load_lines(records: list[dict]) -> list[str]:
    """The load simulation: medians over rounds of what each number of clients got."""
    out = [f"{'load':6} {'clients':>7} {'server':11} {'req/s':>8} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8} "
           f"{'errors':>6}"]  # fmt: skip
    held = Records(records)
    for kind in ("pages", "sql"):
        counts = sorted({e["clients"] for e in records if e.get("kind") == kind})
        for count in counts:
            for server in (OURS, PEER):
                operation = f"{kind}_{count}"
                figures = [held.figures(operation, server, name).values()
                           for name in ("requests_per_s", "p50_ms", "p95_ms", "p99_ms", "errors")]  # fmt: skip
                if figures[0]:
                    rate, p50, p95, p99, _ = [statistics.median(values) for values in figures]
                    out.append(f"{kind:6} {count:7} {server:11} {rate:8,.0f} {p50:8.2f} {p95:8.2f} {p99:8.2f} "
                               f"{sum(figures[4]):6.0f}")  # fmt: skip
    return out
