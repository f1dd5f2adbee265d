"""The long form of the workbook tests: sizes at Excel's limits, XML past 4 GiB, thousands of random tables, memory.

Run by hand (make xlsx), about half an hour: large.py [CHECK…] runs some. Each check prints one line; the exit code
is 1 where one failed. Uses the strict reader and the model of tests/functional.
"""

import argparse
import http.client
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "functional"))

import openpyxl  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet  # noqa: E402
import xlsx_cases  # noqa: E402
from python_calamine import CalamineWorkbook  # noqa: E402
from serving import Server  # noqa: E402
from xlsx_reader import Workbook  # noqa: E402

ROWS_OF_A_SHEET = 1_048_575
MIXED = """SELECT range AS id, range * 0.25 AS share, 'word ' || range % 1000 AS word, 'text ' || range AS text,
  TIMESTAMP '2020-01-01' + INTERVAL 1 SECOND * range AS at, CASE WHEN range % 3 = 0 THEN NULL ELSE range % 100 END AS n
  FROM range({rows})"""


def fetch(server, path, sql, **members):
    """The workbook of a statement as a file, streamed to disk."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=3600)
    body = {"sql": sql, "format": "xlsx", "timeout_ms": 3_600_000, **members}
    connection.request("POST", "/api/v1/query", json.dumps(body))
    response = connection.getresponse()
    assert response.status == 200, response.read(2000)
    with open(path, "wb") as file:
        while piece := response.read(1 << 20):
            file.write(piece)
    connection.close()
    return path


def sheets_of(count):
    return -(-count // ROWS_OF_A_SHEET) or 1


def check_mixed(path, count):
    """Every cell of MIXED, by the strict reader."""
    with Workbook(path) as workbook:
        assert len(workbook.data_sheets()) == sheets_of(count), workbook.data_sheets()
        row = 0
        for name in workbook.data_sheets():
            rows = workbook.rows(name)
            assert [text for _, text in next(rows)] == ["id", "share", "word", "text", "at", "n"]
            for cells in rows:
                id_, share, word, text, at, n = cells
                assert id_[1] == str(row) and float(share[1]) == row * 0.25
                assert word == ("t", f"word {row % 1000}") and text == ("t", f"text {row}")
                assert abs(float(at[1]) - (43831 + row / 86400)) < 1e-9
                assert n is None if row % 3 == 0 else n[1] == str(row % 100)
                row += 1
        assert row == count, (row, count)


def rows(server, folder):
    for count in (0, 1, ROWS_OF_A_SHEET, ROWS_OF_A_SHEET + 1, 3_000_000):
        path = fetch(server, folder / "rows.xlsx", MIXED.format(rows=count))
        check_mixed(path, count)
        subprocess.run(["unzip", "-tqq", path], check=True)
        if count == ROWS_OF_A_SHEET + 1:
            book = CalamineWorkbook.from_path(path)
            assert [len(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names] == [1_048_576, 2]
    return "0 to 3,000,000 rows"


def openpyxl_rows(server, folder):
    path = fetch(server, folder / "rows.xlsx", MIXED.format(rows=ROWS_OF_A_SHEET + 1))
    book = openpyxl.load_workbook(path, read_only=True)
    ids = [row[0] for sheet in book for row in itertools.islice(sheet.iter_rows(values_only=True), 1, None)]
    assert ids == list(range(ROWS_OF_A_SHEET + 1))
    return "openpyxl read 1,048,576 rows of two sheets"


def columns(server, folder):
    table = pa.table({f"c{i}": pa.array([i, None, -i]) for i in range(16_385)})
    pyarrow.parquet.write_table(table, folder / "too_wide.parquet")
    pyarrow.parquet.write_table(table.select(range(16_384)), folder / "widest.parquet")
    with Server(folder / "wide", [folder / "too_wide.parquet", folder / "widest.parquet"]) as wide:
        answer = wide.ask("GET", "/api/v1/datasets/too_wide/rows?format=xlsx", timeout=600)
        assert (answer.status, answer.code) == (400, "InvalidData") and "16,384" in answer.json()["detail"]
        answer = wide.ask("GET", "/api/v1/datasets/widest/rows?format=xlsx", timeout=600)
        with Workbook(answer.body) as workbook:
            header, cells = workbook.table()
            assert len(header) == 16_384
            assert [[c and int(c[1]) for c in row] for row in cells] == [
                list(range(16_384)), [None] * 16_384, [-i for i in range(16_384)]]  # fmt: skip
    return "16,384 columns, and 16,385 refused"


def zip64(server, folder):
    """A sheet of more than 4 GiB of XML, and one that was expected to stay below it."""
    sql = "SELECT range AS id, repeat('x', 4500) || range AS t FROM range(1000000)"
    path = fetch(server, folder / "large.xlsx", sql)
    subprocess.run(["unzip", "-tqq", path], check=True)
    with Workbook(path) as workbook:
        assert workbook.data_sheets() == ["Query"]
        assert workbook.zip.getinfo("xl/worksheets/sheet1.xml").file_size > 2**32
        count = 0
        for id_, text in itertools.islice(workbook.rows("Query"), 1, None):
            assert id_[1] == str(count) and text[1] == "x" * 4500 + str(count)
            count += 1
        assert count == 1_000_000
    text = "repeat('y', CASE WHEN range < 20000 THEN 1 ELSE 4500 END) || range"
    sql = f"SELECT range AS id, {text} AS t FROM range(1000000)"
    path = fetch(server, folder / "large.xlsx", sql)
    subprocess.run(["unzip", "-tqq", path], check=True)
    with Workbook(path) as workbook:
        assert len(workbook.data_sheets()) == 2
        count = 0
        for name in workbook.data_sheets():
            for id_, _ in itertools.islice(workbook.rows(name), 1, None):
                assert id_[1] == str(count)
                count += 1
        assert count == 1_000_000
    return "more than 4 GiB of XML in one sheet, and in two"


def random_tables(server, folder, seeds=range(1_000, 5_000)):
    cells = 0
    for start in range(seeds.start, seeds.stop, 250):
        batch = range(start, min(start + 250, seeds.stop))
        paths = [folder / f"case_{seed}.parquet" for seed in batch]
        for seed, path in zip(batch, paths):
            xlsx_cases.write_case(seed, path)
        with Server(folder / f"cases-{start}", paths) as cases:
            for seed in batch:
                answer = cases.rows(f"case_{seed}", format="xlsx", compression=["fast", "best"][seed % 2])
                assert answer.status == 200, (seed, answer.body[:500])
                cells += xlsx_cases.check_case(seed, answer.body)
        for path in paths:
            path.unlink()
    return f"{len(seeds)} tables, {cells:,} cells"


def pss(pid):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) / 1024


def memory(server, folder):
    """Peak PSS of the worker, at one million rows and at ten."""
    peaks = []
    for count in (1_000_000, 10_000_000):
        found = subprocess.run(["pgrep", "-P", str(server.process.pid)], capture_output=True, text=True)
        workers = found.stdout.split()
        idle, peak, done = max(map(pss, workers)), 0, threading.Event()

        def watch():
            nonlocal peak
            while not done.is_set():
                peak = max([peak, *map(pss, workers)])
                time.sleep(0.02)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            fetch(server, folder / "memory.xlsx", MIXED.format(rows=count))
        finally:
            done.set()
            watcher.join()
        peaks.append(peak)
        assert peak - idle <= 200, (idle, peak)
    assert peaks[1] <= max(peaks[0] * 1.1, peaks[0] + 20), peaks
    return f"peak {peaks[0]:.0f} MB at 1,000,000 rows, {peaks[1]:.0f} MB at 10,000,000"


CHECKS = {check.__name__: check for check in (rows, openpyxl_rows, columns, zip64, memory, random_tables)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checks", nargs="*", choices=[*CHECKS, []], default=[])
    wanted = parser.parse_args().checks or list(CHECKS)
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        with Server(folder / "server") as server:
            for name in wanted:
                started = time.monotonic()
                try:
                    outcome = CHECKS[name](server, folder)
                except AssertionError as error:
                    failed = True
                    outcome = f"FAILED: {str(error)[:2000]}"
                print(f"{name}: {outcome} ({time.monotonic() - started:.0f} s)", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
