"""Views and windows measured as a grid asks for them: python bench/views.py orders.parquet [--links DIR --copies 100]

Prints one JSON document: opening, windows anywhere, sorting beside DuckDB's own top-N, and how soon a changed filter
has stopped the work of the old one; opening and windows also while two exports go to readers of 1 MB/s. With --links,
the same windows over that many hard links of the file as one dataset.
"""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import random
import statistics
import sys
import tempfile
import threading
import time

import duckdb

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/functional"))
from serving import Server, wait_for  # noqa: E402
from stream_client import Rows, Stream  # noqa: E402


def summary(values):
    """Median, 95th percentile and greatest of milliseconds."""
    values = sorted(values)
    return {"median_ms": round(statistics.median(values), 2), "p95_ms": round(values[int(len(values) * 0.95)], 2),
            "max_ms": round(values[-1], 2), "windows": len(values)}  # fmt: skip


def windows(stream, view, rows, count, seed, size=200):
    """Server's milliseconds of windows anywhere."""
    rng, took = random.Random(seed), []
    for _ in range(count):
        start = rng.randrange(0, rows - size)
        answer = stream.window(view, start, start + size)
        assert isinstance(answer, Rows) and answer.rows == size, answer
        took.append(answer.duration_us / 1000)
    return summary(took)


def first_rows(stream, **view):
    begun = time.perf_counter()
    number = stream.open(**view)
    answer = stream.answer(stream.ask(number, 0, 100))
    assert isinstance(answer, Rows), answer
    return number, time.perf_counter() - begun


def top_n(path, column):
    connection = duckdb.connect(config={"threads": os.cpu_count()})
    begun = time.perf_counter()
    connection.sql(f"SELECT * FROM '{path}' ORDER BY {column} DESC NULLS LAST LIMIT 200").fetchall()
    return time.perf_counter() - begun


def read_slowly(port, stopped, bytes_per_second=1_000_000):
    """Reads an export of everything at so many bytes a second until it is told to stop."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/api/v1/datasets/data/rows?format=csv")
    answer = connection.getresponse()
    assert answer.status == 200, answer.status
    while not stopped.wait(0.1):
        assert answer.read(bytes_per_second // 10)
    connection.close()


@contextlib.contextmanager
def slow_exports(port, count=2):
    stopped = threading.Event()
    readers = [threading.Thread(target=read_slowly, args=(port, stopped)) for _ in range(count)]
    for reader in readers:
        reader.start()
    time.sleep(2)
    try:
        yield
    finally:
        stopped.set()
        for reader in readers:
            reader.join()


def measure(server, path, rows, column):
    out = {}
    with Stream(server.port, timeout=600) as stream:
        opened = [first_rows(stream, dataset="data") for _ in range(10)]
        out["open_first_rows_ms"] = round(statistics.median(seconds for _, seconds in opened[1:]) * 1000, 1)
        out["file_order"] = windows(stream, opened[0][0], rows, 200, 1)
        if path:
            peer = [top_n(path, column) for _ in range(3)]
            begun = time.perf_counter()
            view, first = first_rows(stream, dataset="data", sort=f"-{column}")
            state = stream.ready(view, 600)["view"]
            out["sort"] = {"first_rows_s": round(first, 3), "duckdb_top_n_s": round(statistics.median(peer), 3),
                           "ratio": round(first / statistics.median(peer), 2),
                           "ready_s": round(time.perf_counter() - begun, 2), "state": state["state"]}  # fmt: skip
            out["sorted_windows_first"] = windows(stream, view, rows, 30, 2)
            out["sorted_windows"] = windows(stream, view, rows, 200, 3)
            sorted_view = view
            begun = time.perf_counter()
            view, first = first_rows(stream, dataset="data", sort="id")
            stream.ready(view, 600)
            out["second_sort"] = {"first_rows_s": round(first, 3), "ready_s": round(time.perf_counter() - begun, 2)}
            out["change_to_idle_ms"] = change(server, stream, column)
        with slow_exports(server.port):
            opened = [first_rows(stream, dataset="data") for _ in range(5)]
            out["with_two_exports"] = {
                "open_first_rows_ms": round(statistics.median(seconds for _, seconds in opened) * 1000, 1),
                "file_order": windows(stream, opened[0][0], rows, 200, 4),
                **({"sorted_windows": windows(stream, sorted_view, rows, 200, 5)} if path else {}),
            }
    return out


def change(server, stream, column):
    """From a changed filter to the old view's task being gone."""
    took = []
    for i in range(5):
        old = stream.open(dataset="data", sort=f"{column},-id", search=f"a{i}")
        wait_for(lambda: views_running(server))
        time.sleep(0.2)
        begun = time.perf_counter()
        new = stream.open(dataset="data", replaces=old)
        assert stream.answer(stream.ask(new, 0, 10)).rows == 10
        wait_for(lambda: not views_running(server), period=0.01)
        took.append((time.perf_counter() - begun) * 1000)
    return round(max(took), 1)


def views_running(server):
    return [query for query in server.get("/api/v1/queries").json()["queries"] if query["kind"] == "view"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--column", default="price")
    parser.add_argument("--links", help="a folder on the file's file system for hard links of it")
    parser.add_argument("--copies", type=int, default=100)
    options = parser.parse_args()
    rows = duckdb.sql(f"SELECT count(*) FROM '{options.file}'").fetchone()[0]
    out = {"rows": rows}
    with tempfile.TemporaryDirectory() as folder, Server(folder, [f"data={options.file}"]) as server:
        out |= measure(server, options.file, rows, options.column)
    if options.links:
        with tempfile.TemporaryDirectory(dir=options.links) as links, tempfile.TemporaryDirectory() as folder:
            for i in range(options.copies):
                os.link(options.file, f"{links}/part-{i:05}.parquet")
            with Server(folder, [f"data={links}/*.parquet"]) as server:
                wait_for(lambda: server.get("/api/v1/datasets/data").status == 200, 120)
                out["linked"] = {"rows": rows * options.copies, **measure(server, None, rows * options.copies, None)}
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
