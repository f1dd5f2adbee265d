"""Measurements by our own client: what the peer's runner does not do, and all of it where there is no peer.

Each function yields records {"operation", "server", figures…}: one per round, so that the table can pair the two
servers of a round and show the spread over rounds.
"""

import pathlib
import statistics
import time
from collections.abc import Iterator

import duckdb

from harness import load
from harness.asking import Failed, Timing
from harness.operations import REQUESTS, STATEMENTS, XLSX_COLUMNS
from harness.servers import Running, Subject, Watch

PAGE_ROWS = 1000
REST_SECONDS = 0.25  # of somebody who looks at a page before the next


def record(operation: str, server: str, timings: list[Timing], watch: Watch | None = None) -> dict:
    """The median of some answers as one record."""
    out = {
        "operation": operation, "server": server,
        "seconds": round(statistics.median(t.seconds for t in timings), 6),
        "first_byte_s": round(statistics.median(t.first_byte_seconds for t in timings), 6),
        "bytes": timings[-1].bytes,
    }  # fmt: skip
    return out | (watch.figures(len(timings)) if watch else {})


def deep_offsets(rows: int, count: int) -> list[int]:
    """Spread over the second half of the table, so that each lies in a row group of its own."""
    return [int(rows * (0.5 + 0.45 * (i * 0.6180339887 % 1.0))) for i in range(count)]


def operation_values(operation: str, running: Running, sizes: dict, repetition: int) -> dict:
    """The values of one request of one of the runner's operations."""
    limit = sizes["export_rows"] if operation.startswith("export") else sizes["stream_rows"]
    values = running.values(offset=0, limit=limit, columns=XLSX_COLUMNS)
    if operation.startswith("page"):
        deep = deep_offsets(sizes["rows"], 1000)[repetition] if operation.endswith("deep") else 0
        values |= {"limit": PAGE_ROWS, "offset": deep}
    if operation in STATEMENTS:
        values["sql"] = STATEMENTS[operation].format(table=values["sql_table"], limit=limit)
    return values


def runner_operation(subject: Subject, operation: str, sizes: dict) -> Iterator[dict]:
    """One of the runner's operations, by our own client, on a fresh server."""
    key = REQUESTS.get(operation, operation)
    if not subject.has(key):
        return
    count = sizes["repetitions_small"] if operation.startswith("page") else sizes["repetitions"]
    with subject.start() as running, running.connect() as connection:
        try:
            connection.ask(running.spec(key), operation_values(operation, running, sizes, 999))
            with Watch(running) as watch:
                timings = [connection.ask(running.spec(key), operation_values(operation, running, sizes, i))[0]
                           for i in range(count)]  # fmt: skip
        except Failed as error:
            yield {"operation": operation, "server": subject.name, "error": str(error)}
            return
        yield record(operation, subject.name, timings, watch)


def neighbours(subject: Subject, sizes: dict) -> Iterator[dict]:
    """Deep pages nobody asked for yet; the pages beside them, at once and after a rest; first pages in between."""
    deep, at_once, rested, first = [], [], [], []
    with subject.start() as running, running.connect() as connection:

        def page(offset: int) -> Timing:
            return connection.ask(running.spec("page_json"), running.values(offset=offset, limit=PAGE_ROWS))[0]

        for _ in range(5):
            page(0)
        for offset in deep_offsets(sizes["rows"] - 5 * PAGE_ROWS, sizes["repetitions_small"]):
            deep.append(page(offset))
            at_once.append(page(offset + PAGE_ROWS))
            time.sleep(REST_SECONDS)
            for step in (2, 3, 4):
                first.append(page(0))
                rested.append(page(offset + step * PAGE_ROWS))
    for name, timings in [("page_first", first), ("page_neighbour", rested), ("page_neighbour_at_once", at_once),
                          ("page_new", deep)]:  # fmt: skip
        yield record(name, subject.name, timings)


def profile_cold(subject: Subject) -> Iterator[dict]:
    """The first profile of a server that has just started."""
    if not subject.has("profile"):
        return
    with subject.start() as running, running.connect() as connection, Watch(running) as watch:
        timing, _ = connection.ask(running.spec("profile"), running.values())
    yield record("profile_cold", subject.name, [timing], watch)


def start_to_first_page(subject: Subject) -> Iterator[dict]:
    """From nothing to the first page: start, footers, one answer; all CPU that the server has used until then."""
    begin = time.perf_counter()
    with subject.start() as running, running.connect() as connection, Watch(running) as watch:
        timing, _ = connection.ask(running.spec("page_json"), running.values(offset=0, limit=PAGE_ROWS))
        seconds = time.perf_counter() - begin
    figures = watch.figures(1) | {"cpu_s": round(watch.cpu_seconds_before + watch.cpu_seconds, 3)}
    yield record("start_to_first_page", subject.name, [timing]) | {"seconds": round(seconds, 4)} | figures


def load_levels(subject: Subject, sizes: dict, clients: list[int], number: int) -> Iterator[dict]:
    """Closed loops of pages and of statements at each number of clients, one server for all."""
    with subject.start() as running:
        for kind in ("pages", "sql"):
            for count in clients:
                yield _load(running, kind, count, sizes, number)


def _load(running: Running, kind: str, clients: int, sizes: dict, number: int) -> dict:
    rows, seconds = sizes["rows"], sizes["load_seconds"]

    def sources(seed: int):
        for i in range(clients):
            key = 100_000 * seed + 1000 + i
            if kind == "pages":
                yield load.pages(running.spec("page_json"), running.values(), rows, key)
            else:
                yield load.statements(running.spec("sql"), running.values(), key)

    load.run(running.port, list(sources(2 * number)), min(1.0, seconds))  # other requests than those measured
    with Watch(running) as watch:
        outcome = load.run(running.port, list(sources(2 * number + 1)), seconds)
    return {
        "operation": f"{kind}_{clients}", "server": running.subject.name, "clients": clients, "kind": kind,
        "requests_per_s": round(outcome.requests_per_second, 1), "errors": outcome.errors,
        **{f"p{p}_ms": round(outcome.percentile_ms(p), 3) for p in (50, 95, 99)},
        **watch.figures(len(outcome.latencies)),
    }  # fmt: skip


def bare_duckdb(subject: Subject, file: pathlib.Path, threads: int, sizes: dict) -> Iterator[dict]:
    """Group-by of our server and of the bare engine of our version in one process, in turns."""
    engine = duckdb.connect(config={"threads": threads})
    engine.execute("SET parquet_metadata_cache = true")
    with subject.start() as running, running.connect() as connection:
        for operation in ("sql_group_small", "sql_group_seller", "sql_group_offer"):
            ours, bare = [], []
            statement = STATEMENTS[operation].format(table=f"read_parquet('{file}')")
            for _ in range(sizes["repetitions"] + 1):
                begin = time.perf_counter()
                engine.sql(statement).to_arrow_table()
                seconds = time.perf_counter() - begin
                bare.append(Timing(seconds, seconds, 0))
                values = operation_values(operation, running, sizes, 0)
                ours.append(connection.ask(running.spec("sql"), values)[0])
            yield record(operation, "bare_duckdb", bare[1:])  # the first of each warms up
            yield record(operation, "beside_bare_duckdb", ours[1:])
    engine.close()


# Answer of limits/stream_limit.cpp: (record's name, reader, to).
STREAM_LIMITS = [
    ("limit_stream_arrow", "arrow", "client"), ("limit_stream_ours", "ours", "client"),
    ("loop_arrow", "arrow", "nowhere"), ("loop_ours", "ours", "nowhere"),
]  # fmt: skip


def stream_limit(subject: Subject, limit: Subject, sizes: dict) -> Iterator[dict]:
    """The Arrow stream of our server and of the bare loops, in turns, by the same client."""
    timings = {name: [] for name in ["stream_arrow", *(name for name, _, _ in STREAM_LIMITS)]}
    with subject.start() as running, limit.start() as bare, running.connect() as ours:
        for repetition in range(sizes["repetitions"] + 1):
            values = operation_values("stream_arrow", running, sizes, 0)
            took = {"stream_arrow": ours.ask(running.spec("stream_arrow"), values)[0]}
            for name, reader, to in STREAM_LIMITS:
                with bare.connect() as connection:
                    values = {"reader": reader, "to": to, "rows": sizes["stream_rows"]}
                    took[name] = connection.ask(bare.spec("stream"), values)[0]
            if repetition > 0:  # the first of each warms up
                for name, timing in took.items():
                    timings[name].append(timing)
    for name, reader, to in STREAM_LIMITS:
        yield record("stream_arrow", name, timings[name])
    yield record("stream_arrow", "beside_limits", timings["stream_arrow"])
