"""A served Parquet file that is replaced by rename, and clients that see which version their answers are of.

Every row of a version has its number, and a version has its own number of rows: an answer made of two is seen.
"""

import csv
import http.client
import io
import random
import threading
import time

import pyarrow as pa
import pyarrow.parquet

BASE_ROWS = 2000
PERIOD_SECONDS = 0.05


def rows_of_version(version):
    return BASE_ROWS + version % 7


def table_of(version, rows=None):
    count = rows_of_version(version) if rows is None else rows
    return pa.table({"id": list(range(count)), "v": [version] * count, "text": [f"row {i}" for i in range(count)]})


def write_version(path, version, rows_of=None):
    rows = None if rows_of is None else rows_of_version(rows_of)
    pyarrow.parquet.write_table(table_of(version, rows), path, row_group_size=500, use_dictionary=False)


class Mixed(AssertionError):
    """An answer that is of no version."""


class Replaced:
    """The file, and the version that was last put in its place."""

    def __init__(self, path, make=True):
        self.path = path
        self.current = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        if make:
            self.replace(0)

    def replace(self, version):
        temporary = self.path.parent / f".{self.path.name}.new"
        write_version(temporary, version)
        temporary.rename(self.path)
        self.current = version

    def keep_replacing(self, stop, period=PERIOD_SECONDS):
        due = time.monotonic()
        while not stop.is_set():
            self.replace(self.current + 1)
            due = max(due + period, time.monotonic())
            stop.wait(due - time.monotonic())

    def ask(self, server, kind, any_rows=False):
        """The version that an answer is of, which must be 200. Raises Mixed where it is of none."""
        version, rows = getattr(self, f"_{kind}")(server)
        if rows is not None and not any_rows and rows != rows_of_version(version):
            raise Mixed(f"{kind}: {rows} rows of version {version}")
        return version

    @property
    def name(self):
        return self.path.stem if self.path.stem != "part" else self.path.parent.name

    def _answer(self, answer, kind):
        if answer.status != 200:
            raise Mixed(f"{kind}: {answer.status} {answer.body[:300]}")
        return answer

    def _page(self, server):
        page = self._answer(server.rows(self.name, limit=50, offset=900, columns="v,id"), "page").json()
        return one({row[0] for row in page["rows"]}), page["total_rows"]

    def _sorted(self, server):
        page = self._answer(server.rows(self.name, limit=50, sort="-text", columns="v,id"), "sorted").json()
        return one({row[0] for row in page["rows"]}), page["total_rows"]

    def _sql(self, server):
        statement = f"SELECT min(v), max(v), count(*), count(DISTINCT id) FROM {self.name}"
        low, high, rows, ids = self._answer(server.sql(statement), "sql").json()["rows"][0]
        if rows != ids:
            raise Mixed(f"sql: {rows} rows, {ids} ids")
        return one({low, high}), rows

    def _csv(self, server):
        body = self._answer(server.rows(self.name, format="csv"), "csv").body
        rows = list(csv.DictReader(io.StringIO(body.decode())))
        return one({int(row["v"]) for row in rows}), len(rows)

    def _file(self, server):
        table = pyarrow.parquet.read_table(
            io.BytesIO(self._answer(server.rows(self.name, format="parquet"), "file").body))  # fmt: skip
        return one(set(table["v"].to_pylist())), len(table)

    def _profile(self, server):
        profile = self._answer(server.get(f"/api/v1/datasets/{self.name}/profile"), "profile").json()
        columns = {column["name"]: column for column in profile["columns"]}
        return one({int(columns["v"]["min"]), int(columns["v"]["max"])}), None


def one(values):
    if len(values) != 1:
        raise Mixed(f"versions {sorted(values)} in one answer")
    return values.pop()


def storm(server, replaced, seconds, clients, kinds=("page", "sorted", "sql", "csv", "file"), replacing=True):
    """Clients that ask for everything while the file is replaced every 50 ms: what went wrong, and how long it took."""
    stop = threading.Event()
    lock = threading.Lock()
    took, bad, versions = [], [], set()

    def client(seed):
        chosen = random.Random(seed)
        while not stop.is_set():
            kind = chosen.choice(kinds)
            before = replaced.current
            began = time.monotonic()
            try:
                version = replaced.ask(server, kind)
                if version < before:
                    raise Mixed(f"{kind}: version {version}, though {before} was in place")
            except (Mixed, OSError, http.client.HTTPException) as error:
                with lock:
                    bad.append(f"{type(error).__name__}: {error}")
                continue
            with lock:
                took.append(time.monotonic() - began)
                versions.add(version)

    threads = [threading.Thread(target=client, args=(seed,)) for seed in range(clients)]
    if replacing:
        threads.append(threading.Thread(target=replaced.keep_replacing, args=(stop,)))
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    took.sort()
    at = lambda share: took[min(len(took) - 1, int(share * len(took)))] * 1e3 if took else float("inf")  # noqa: E731
    return {"answers": len(took), "versions": len(versions), "bad": bad[:10], "failed": len(bad),
            "p50_ms": round(at(0.5), 1), "p95_ms": round(at(0.95), 1), "max_ms": round(at(1), 1)}  # fmt: skip
