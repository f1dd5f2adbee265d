"""Records that are sent: one at a time by many clients at once, and a file of them beside the bare engine."""

import http.client
import itertools
import json
import pathlib
import tempfile
import time
from collections.abc import Iterator

import duckdb

from harness import load
from harness.asking import Timing
from harness.own import record
from harness.servers import Running, Subject, Watch

CLIENTS = 64
BARE_RECORDS = 200_000
SHORT_ROWS = 1_000_000  # data of fewer rows: a short run


def _one_record(spec: dict, client: int) -> Iterator[bytes]:
    """The requests of one client, a record each."""
    head = "".join(f"{name}: {text}\r\n" for name, text in spec["headers"].items())
    for number in itertools.count():
        body = json.dumps({"id": f"{client}-{number}", "client": client, "n": number, "ts": "2025-06-01T12:00:00Z",
                           "text": f"record {number} of {client}", "value": number * 0.25}) + "\n"  # fmt: skip
        yield (f"POST {spec['path']} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}Content-Length: {len(body)}\r\n\r\n"
               f"{body}").encode()  # fmt: skip


def single_record_clients(running: Running, first: int) -> list[Iterator[bytes]]:
    """What each of the clients sends, into a collection of their own; they are counted from `first`."""
    spec = dict(running.spec("ingest_ndjson"))
    spec["path"] = spec["path"].replace("bench_events", "bench_records")
    return [_one_record(spec, first + i) for i in range(CLIENTS)]


def single_records(subject: Subject, sizes: dict) -> Iterator[dict]:
    """A closed loop of clients that send a record and wait until it is on the disk."""
    if not subject.has("ingest_ndjson"):
        return
    with subject.start() as running:
        load.run(running.port, single_record_clients(running, 1000), min(1.0, sizes["load_seconds"]))
        with Watch(running) as watch:
            outcome = load.run(running.port, single_record_clients(running, 0), sizes["load_seconds"])
    yield {
        "operation": f"records_{CLIENTS}", "server": subject.name, **figures_of(outcome),
        **watch.figures(len(outcome.latencies)),
    }  # fmt: skip


def figures_of(outcome: load.Outcome) -> dict:
    return {
        "clients": CLIENTS, "errors": outcome.errors, "requests_per_s": round(outcome.requests_per_second, 1),
        **{f"p{p}_ms": round(outcome.percentile_ms(p), 3) for p in (50, 95, 99)},
        "max_ms": round(outcome.percentile_ms(100), 3),
    }  # fmt: skip


def bare_ingest(subject: Subject, events: pathlib.Path, threads: int, sizes: dict) -> Iterator[dict]:
    """A body of records to our server, synced, and the same file by the bare engine to Parquet, not synced; in turns.

    Both look at every record for its type.
    """
    count = BARE_RECORDS if sizes["rows"] >= SHORT_ROWS else BARE_RECORDS // 20
    engine = duckdb.connect(config={"threads": threads})
    spec = subject.adapter["ops"]["ingest_ndjson"]
    ours, bare = [], []
    with tempfile.TemporaryDirectory() as work, subject.start() as running:
        with open(events, "rb") as file:
            body = b"".join(itertools.islice(file, count))
        source = pathlib.Path(work) / "events.ndjson"
        source.write_bytes(body)
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=600)
        for _ in range(sizes["repetitions"] + 1):
            begin = time.perf_counter()
            engine.execute(f"COPY (SELECT * FROM read_json('{source}', format='newline_delimited', sample_size=-1)) "
                           f"TO '{work}/out.parquet' (FORMAT parquet, COMPRESSION zstd)")  # fmt: skip
            seconds = time.perf_counter() - begin
            bare.append(Timing(seconds, seconds, len(body)))
            begin = time.perf_counter()
            connection.request("POST", spec["path"], body, spec["headers"])
            answer = connection.getresponse()
            told = json.loads(answer.read())
            seconds = time.perf_counter() - begin
            if answer.status != 200 or told["records_processed"] != count:
                raise RuntimeError(f"records were not kept: {told}")
            ours.append(Timing(seconds, seconds, len(body)))
        connection.close()
    engine.close()
    yield record("ingest_ndjson", "bare_duckdb", bare[1:])  # the first of each warms up
    yield record("ingest_ndjson", "beside_bare_duckdb", ours[1:])
