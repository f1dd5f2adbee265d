"""Measures the server, beside a peer stack where one is given, and beside what limits it; prints one table of ratios.

    python bench/run.py [--baseline DIR] [--data DIR] [--rounds N] [--only pages,load,micro] [--short]
    python bench/run.py --report           draws the report of the results that are there

A whole run is kept: one JSON document below --results, all of them drawn in build/bench/report.html. What --only
chooses is printed, and kept where --results is named too. See bench/README.md.
"""

import argparse
import datetime
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import data, machine, micro, own, records, report, table  # noqa: E402
from harness.operations import GROUPS, REQUESTS  # noqa: E402
from harness.peer import Peer  # noqa: E402
from harness.servers import ROOT, Subject  # noqa: E402

BIN = ROOT / "build/release/bin"
BENCH = ROOT / "bench"
LOAD_CLIENTS = [1, 4, 16, 64]
LOAD_CLIENTS_EVERY_ROUND = [16]  # those with a floor
SLOW_GROUPS = {"xlsx"}  # the peer takes more than half a minute for one: once per run
SKIPPED_WHEN_SHORT = {"limits", "micro"}  # they need programs that are built for whole runs only
STEPS = [*GROUPS, "records", "neighbours", "cold", "start", "load", "bare", "limits", "micro"]

FULL = {"rows": 10_000_000, "stream_rows": 5_000_000, "export_rows": 1_000_000, "repetitions": 5,
        "repetitions_small": 20, "load_seconds": 4.0}  # fmt: skip
SHORT = {"rows": 200_000, "stream_rows": 150_000, "export_rows": 50_000, "repetitions": 1, "repetitions_small": 2,
         "load_seconds": 0.3}  # fmt: skip


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--baseline", type=pathlib.Path, help="folder of the peer stack")
    parser.add_argument("--baseline-python", help="its interpreter (default: an environment made below .deps)")
    parser.add_argument("--data", type=pathlib.Path, help="folder of orders.parquet (default: made below build/bench)")
    parser.add_argument("--rounds", type=int, default=3, help="each measures everything once")
    parser.add_argument("--only", default="", help="comma-separated: " + ", ".join(STEPS))
    parser.add_argument("--short", action="store_true", help="small data and one round: whether the harness works")
    parser.add_argument("--results", type=pathlib.Path, help="folder of the JSON documents (bench/results)")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/bench", help="folder of data and report")
    parser.add_argument("--binary", default=os.environ.get("CANVASBACK_BIN", str(BIN / "canvasback")))
    parser.add_argument("--report", action="store_true", help="draw the report and measure nothing")
    chosen = parser.parse_args()
    chosen.steps = [step for step in chosen.only.split(",") if step] or STEPS
    if unknown := set(chosen.steps) - set(STEPS):
        parser.error(f"no step named {', '.join(sorted(unknown))}")
    if chosen.short:
        chosen.rounds = 1
        chosen.steps = [step for step in chosen.steps if step not in SKIPPED_WHEN_SHORT]
    chosen.kept = bool(chosen.results) or not chosen.only
    chosen.results = chosen.results or (chosen.out if chosen.short else BENCH) / "results"
    return chosen


class Run:
    """One run: its servers, its sizes, its records."""

    def __init__(self, chosen: argparse.Namespace):
        self.chosen, self.sizes = chosen, dict(SHORT if chosen.short else FULL)
        self.peer = Peer(chosen.baseline.resolve(), chosen.baseline_python) if chosen.baseline else None
        self.folder = (chosen.data or chosen.out / ("data-short" if chosen.short else "data")).resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file = self.folder / "orders.parquet"
        if self.peer:
            self.peer.make_data(self.folder, self.sizes["rows"])
        else:
            data.make_orders(self.file, self.sizes["rows"])
        self.sizes["rows"] = machine.parquet_rows(self.file)
        for name in ("stream_rows", "export_rows"):
            self.sizes[name] = min(self.sizes[name], self.sizes["rows"])
        state = (chosen.out / "state").resolve()
        state.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(state / "collections", ignore_errors=True)  # records that an earlier run has sent
        program, state = shlex.quote(str(chosen.binary)), shlex.quote(str(state))
        command = (f'{program} serve orders="$DATA_DIR"/orders.parquet --listen 127.0.0.1:"$PORT" --data {state} '
                   "--profile-cache 0 --log-level warning")  # fmt: skip
        self.ours = Subject(table.OURS, command, BENCH / "adapter.json", self.folder)
        self.subjects = [self.ours] + ([self.peer.subject(self.folder)] if self.peer else [])
        self.records: list[dict] = []

    def round(self, number: int) -> None:
        """Everything once; the servers take turns, and take turns at being first."""
        subjects = self.subjects if number % 2 else self.subjects[::-1]
        for step in self.chosen.steps:
            if step in SLOW_GROUPS and number > 1:
                continue
            for entry in self._step(step, subjects, number):
                self.records.append({"round": number, **entry})
                print(json.dumps(self.records[-1]), flush=True)

    def _step(self, step: str, subjects: list[Subject], number: int) -> Iterator[dict]:
        if step in GROUPS:
            # Ours first where one takes minutes: what this build cannot do need not be asked of the peer.
            for subject in self.subjects if step in SLOW_GROUPS else subjects:
                told = list(self._group(step, subject))
                yield from told
                if step in SLOW_GROUPS and any("error" in entry for entry in told):
                    return
        elif step == "records":
            for subject in subjects:
                yield from records.single_records(subject, self.sizes)
            if (events := self.folder / "events.ndjson").exists():
                yield from records.bare_ingest(self.ours, events, os.cpu_count() or 1, self.sizes)
        elif step == "neighbours":
            yield from own.neighbours(self.ours, self.sizes)
        elif step == "cold":
            for subject in subjects:
                yield from own.profile_cold(subject)
        elif step == "start":
            for subject in subjects:
                yield from own.start_to_first_page(subject)
        elif step == "load":
            clients = LOAD_CLIENTS if number == 1 and not self.chosen.short else LOAD_CLIENTS_EVERY_ROUND
            for subject in subjects:
                yield from own.load_levels(subject, self.sizes, clients, number)
        elif step == "bare":
            yield from own.bare_duckdb(self.ours, self.file, os.cpu_count() or 1, self.sizes)
        elif step == "limits":
            command = f'{BIN / "stream_limit"} "$DATA_DIR"/orders.parquet "$PORT"'
            limit = Subject("stream_limit", command, BENCH / "limits/adapter.json", self.folder)
            yield from own.stream_limit(self.ours, limit, self.sizes)

    def _group(self, group: str, subject: Subject) -> Iterator[dict]:
        sizes = self.sizes | ({"repetitions": 1} if group in SLOW_GROUPS else {})
        if not self.peer:
            for operation in (name for name in GROUPS[group] if group != "ingest"):  # the peer's runner has the bodies
                yield from own.runner_operation(subject, operation, sizes)
            return
        wanted = [name for name in GROUPS[group] if name == "concurrent" or subject.has(REQUESTS.get(name, name))]
        if wanted:
            yield from self.peer.measure(subject, wanted, sizes)

    def document(self, micro_results: list[dict]) -> dict:
        """What is kept of the run."""
        return {
            "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%MZ"),
            "commit": machine.commit(ROOT), "machine": machine.describe(),
            "versions": machine.versions(self.chosen.binary) | ({"peer": self.peer.versions()} if self.peer else {}),
            "data": {"bytes": self.file.stat().st_size, **self.sizes}, "rounds": self.chosen.rounds,
            "table": [vars(row) | {"reached": row.reached} for row in table.rows_of(self.records)],
            "records": self.records, "micro": micro_results,
        }  # fmt: skip


def write_document(folder: pathlib.Path, document: dict) -> pathlib.Path:
    """One line per record, so that histories can be compared."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{document['date'].replace(':', '')}-{document['commit']}.json"
    parts = []
    for name, value in document.items():
        if isinstance(value, list):
            inner = ",\n".join("    " + json.dumps(entry, ensure_ascii=False) for entry in value)
            text = f"[\n{inner}\n  ]" if value else "[]"
        else:
            text = json.dumps(value, ensure_ascii=False)
        parts.append(f"  {json.dumps(name)}: {text}")
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")
    return path


def show(document: dict) -> None:
    """The tables as text."""
    told = document["machine"]
    print(f"\n{document['date']}  commit {document['commit']}  {told['cpu']}, {told['cores']} cores, "
          f"{told['memory_gib']} GiB, Linux {told['kernel']}")  # fmt: skip
    print(f"versions {json.dumps(document['versions'])}")
    print(f"orders: {document['data']['rows']:,} rows, {document['rounds']} rounds; ratio: how much better ours is\n")
    rows = table.rows_of(document["records"])
    blocks = [table.lines(rows), table.cost_lines(document["records"]), table.load_lines(document["records"])]
    if document["micro"]:
        blocks.append(micro.lines(document["micro"]))
    print("\n\n".join("\n".join(block) for block in blocks))
    errors = [entry for entry in document["records"] if entry.get("error") or entry.get("errors")]
    for entry in errors:
        print(f"errors: {json.dumps(entry)}")
    missed = [row for row in rows if row.reached is False]
    print(f"\n{sum(row.reached is True for row in rows)} floors reached, {len(missed)} not")


def main() -> int:
    chosen = arguments()
    if not chosen.report:
        run = Run(chosen)
        if chosen.steps != ["micro"]:
            for number in range(1, chosen.rounds + 1):
                run.round(number)
        programs = sorted(BIN.glob("bench_*")) if "micro" in chosen.steps else []
        document = run.document(micro.run(programs, run.file))
        show(document)
        if not chosen.kept:
            return 0
        print(f"results: {write_document(chosen.results, document)}")
    print(f"report: {report.write(chosen.results, chosen.out / 'report.html')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
