"""A collection of many generated records: how fast they come in, what they weigh, how long each kind of question takes.

    python bench/collection.py [--count 10000000] [--type transaction] [--work DIR] [--load-minutes 10]

Prints one JSON object a line. The records are made by the program itself and sent to a server of it, synced. While they
are merged, 64 clients send single records into another collection. The questions are asked when all commits are merged,
each five times, or less often where that took 20 s: the median counts; beside each statement stands what DuckDB alone
needs for it, in this process, on the same files and with as many threads. With --load-minutes that is all left out: as
many minutes of single records and bodies of 100,000 at the same time, and how much memory the server takes meanwhile.
"""

import argparse
import collections
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import duckdb

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import load, records  # noqa: E402
from harness.servers import MIB, PAGE_BYTES, ROOT, Running, Subject, Watch  # noqa: E402

ASKED = 5
ENOUGH_S = 20
QUERIES = {
    "count": "SELECT count(*) AS n FROM all_records",
    "daily": "SELECT DATE_TRUNC('day', ingested_at) AS day, COUNT(*) AS records, AVG(amount) AS avg_value "
    "FROM all_records GROUP BY day ORDER BY day DESC",
    "top_users": "SELECT user_id, SUM(amount) AS total, COUNT(*) AS transactions FROM all_records "
    "WHERE amount IS NOT NULL GROUP BY user_id ORDER BY total DESC LIMIT 10",
    "percentiles": "SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY amount) AS p25, "
    "percentile_cont(0.50) WITHIN GROUP (ORDER BY amount) AS median, "
    "percentile_cont(0.75) WITHIN GROUP (ORDER BY amount) AS p75 FROM all_records",
    "moving_average": "SELECT user_id, timestamp, amount, AVG(amount) OVER (PARTITION BY user_id ORDER BY timestamp "
    "ROWS BETWEEN 10 PRECEDING AND CURRENT ROW) AS moving_avg FROM all_records LIMIT 100",
    "by_currency": "SELECT currency, COUNT(*) AS count FROM all_records GROUP BY currency ORDER BY count DESC",
}


def timings_of(ask) -> list[float]:
    """Seconds of up to ASKED calls."""
    timings = []
    while len(timings) < ASKED and sum(timings) < ENOUGH_S:
        begin = time.perf_counter()
        ask()
        timings.append(time.perf_counter() - begin)
    return timings


class Client:
    """A connection for each request: the server closes those that stay idle while the bare engine is measured."""

    def __init__(self, port: int):
        self.port = port

    def ask(self, method: str, path: str, body=None, expected: int = 200) -> tuple[float, dict]:
        headers = {"Content-Type": "application/json"}
        begin = time.perf_counter()
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)) as connection:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            told = json.loads(answer.read())
        seconds = time.perf_counter() - begin
        if answer.status != expected:
            raise RuntimeError(f"{path} {body}: {told}")
        return seconds, told

    def median(self, method: str, path: str, body=None) -> dict:
        timings = timings_of(lambda: self.ask(method, path, body))
        return {"seconds": round(statistics.median(timings), 4), "first": round(timings[0], 4),
                "max": round(max(timings), 4)}  # fmt: skip


def tell(name: str, **figures) -> None:
    print(json.dumps({"operation": name, **figures}), flush=True)


def unmerged(client: Client) -> int:
    return client.ask("GET", "/statistics")[1]["unmerged_commits"]


def subject_of(program: str, work: pathlib.Path) -> Subject:
    command = f'{program} serve --listen 127.0.0.1:"$PORT" --data {work} --log-level warning --merge-after-s 1'
    return Subject("canvasback", command, ROOT / "bench/adapter.json", work)


def single_records_beside_a_merge(running: Running, client: Client) -> None:
    """They are only of interest as long as the merge goes on."""
    latencies, errors, seconds, rounds = [], 0, 0.0, 0
    while unmerged(client) > 0:
        outcome = load.run(running.port, records.single_record_clients(running, 1000 * rounds), 4)
        if rounds > 0 and unmerged(client) == 0:
            break  # for a part of it
        latencies += outcome.latencies
        errors += outcome.errors
        seconds += outcome.wall_seconds
        rounds += 1
    if rounds > 0:
        tell("records_64_beside_a_merge", seconds=round(seconds, 1), durability="commit",
             **records.figures_of(load.Outcome(seconds, sorted(latencies), errors)))  # fmt: skip


def endure(program: str, minutes: float, kind: str, work: pathlib.Path) -> None:
    """Single records and large bodies without a pause."""
    body = subprocess.run([program, "generate", "--type", kind, "--count", "100000"], check=True,
                          stdout=subprocess.PIPE).stdout  # fmt: skip
    statuses: collections.Counter = collections.Counter()
    stop = threading.Event()

    def send_bodies(port: int) -> None:
        while not stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
            connection.request("POST", "/ingest/file?format=ndjson", body)
            answer = connection.getresponse()
            answer.read()
            connection.close()
            statuses[answer.status] += 1
            if answer.status == 429:
                stop.wait(float(answer.getheader("Retry-After")))

    with subject_of(program, work).start() as running:
        sender = threading.Thread(target=send_bodies, args=(running.port,))
        sender.start()
        try:
            for minute in range(max(1, round(minutes))):
                with Watch(running) as watch:
                    outcome = load.run(running.port, records.single_record_clients(running, 1000 * minute),
                                       min(60.0, minutes * 60))  # fmt: skip
                told = Client(running.port).ask("GET", "/statistics")[1]
                front = pathlib.Path(f"/proc/{running.process.pid}/statm").read_text(encoding="ascii").split()
                tell("load", minute=minute + 1, **records.figures_of(outcome), bodies=dict(statuses),
                     records=told["total_records"], unmerged_commits=told["unmerged_commits"],
                     peak_mib=round(watch.peak_bytes / MIB, 1),
                     anonymous_mib=round(watch.peak_anonymous_bytes / MIB, 1),
                     front_mib=round(int(front[1]) * PAGE_BYTES / MIB, 1),
                     free_disk_gb=round(shutil.disk_usage(work).free / 1e9, 1))  # fmt: skip
        finally:
            stop.set()
            sender.join()


def bare_engine(work: pathlib.Path):
    """Median seconds of a statement in DuckDB alone."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"SET threads = {os.cpu_count()}")
    connection.execute("SET parquet_metadata_cache = true")
    connection.execute(f"CREATE VIEW all_records AS FROM read_parquet('{work}/parquet/data_*.parquet')")

    def ask(sql: str) -> float:
        return round(statistics.median(timings_of(lambda: connection.execute(sql).fetchall())), 4)

    return ask


def measure(program: str, count: int, kind: str, work: pathlib.Path) -> None:
    subject = subject_of(program, work)
    with subject.start() as running:
        client = Client(running.port)
        with Watch(running) as watch:
            begin = time.perf_counter()
            subprocess.run([program, "generate", "--type", kind, "--count", str(count), "--to",
                            f"http://127.0.0.1:{running.port}"], check=True, stderr=subprocess.DEVNULL)  # fmt: skip
            seconds = time.perf_counter() - begin
        tell("ingest", records=count, seconds=round(seconds, 2), records_per_s=round(count / seconds),
             durability="commit", **watch.figures(1))  # fmt: skip
        begin = time.perf_counter()
        single_records_beside_a_merge(running, client)
        while unmerged(client) > 0:
            time.sleep(0.5)
        told = client.ask("GET", "/statistics")[1]
        piece = subprocess.run([program, "generate", "--type", kind, "--count", "100000"], check=True,
                               stdout=subprocess.PIPE).stdout  # fmt: skip
        json_bytes = len(piece) * count // 100_000
        tell("size", merge_seconds=round(time.perf_counter() - begin, 1), bytes=told["total_bytes"],
             json_bytes=json_bytes, times_smaller=round(json_bytes / told["total_bytes"], 2), files=told["total_files"])
        bare = bare_engine(work)
        for name, sql in QUERIES.items():
            if "currency" in sql and kind != "transaction":
                continue
            tell(name, **client.median("POST", "/query/sql", {"sql": sql}), bare_duckdb=bare(sql))
        chance = random.Random(7)
        some = [json.loads(line) for line in piece.splitlines()[:: 100_000 // 50]]
        ids = [f"/query/id/{record['id']}" for record in chance.sample(some, 20)]
        timings = [client.ask("GET", path)[0] for path in ids]
        tell("by_id", seconds=round(statistics.median(timings), 4), max=round(max(timings), 4))
        timings = timings_of(lambda: client.ask("GET", "/query/id/there-is-no-such-id", expected=404))
        tell("by_id_that_is_not_there", seconds=round(statistics.median(timings), 4))
        words = re.findall(r"[A-Za-z]{4,}", json.dumps(some[3]))
        for query in ["nosuchword", words[-1], words[len(words) // 2]]:
            seconds, told = client.ask("POST", "/query/search", {"query": query, "limit": 100})
            tell("search", query=query, seconds=round(seconds, 3), complete=told["complete"], found=told["total_rows"],
                 rows_searched=told["rows_searched"])  # fmt: skip
        tell("recent", **client.median("GET", "/query/recent?limit=100"))
        tell("date_range", **client.median("POST", "/query/date-range",
                                           {"start": "2025-10-01", "end": "2025-10-28", "limit": 100}))  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000_000)
    parser.add_argument("--type", default="transaction")
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("--load-minutes", type=float, default=0)
    parser.add_argument("--binary", default=str(ROOT / "build/release/bin/canvasback"))
    chosen = parser.parse_args()
    work = chosen.work or pathlib.Path(tempfile.mkdtemp(prefix="canvasback-collection-"))
    try:
        if chosen.load_minutes > 0:
            endure(chosen.binary, chosen.load_minutes, chosen.type, work)
        else:
            measure(chosen.binary, chosen.count, chosen.type, work)
    finally:
        if not chosen.work:
            shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
