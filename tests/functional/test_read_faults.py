"""Reads that fail below every library: open, read, stat and mmap with errors, short reads, a clock that jumps.

Whatever fails, at the start, in queries, merges, backups and checks: an answer is whole or an error, nothing is written
over, no acknowledged record is missing once the fault is gone, and the server lives or says why it does not start.
"""

import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess

import pyarrow.parquet
import pytest
from read_faults import LIBRARY, SHORT, ReadFaults
from serving import BINARY, Server, wait_for

pytestmark = pytest.mark.skipif(not os.path.exists(LIBRARY), reason="libread_faults.so is not built")

NDJSON = {"Content-Type": "application/x-ndjson"}
BATCHES, BATCH = 6, 400
TOTAL = BATCHES * BATCH
FAULTS = [
    ("open", "EACCES"), ("open", "EMFILE"), ("open", "EIO"), ("open", "EROFS"),
    ("read", "EIO"), ("read", SHORT), ("stat", "EIO"), ("stat", "EACCES"), ("map", "ENOMEM"), ("map", "EIO"),
]  # fmt: skip
FILES = {"open": ".parquet", "read": ".parquet", "stat": ".parquet", "map": "/cache/"}  # Parquet is not mapped
WHEN = [{}, {"after": 2}, {"times": 1}, {"after": 1, "times": 1}]  # always, later, once
YEAR = 366 * 24 * 3600


def records(batch):
    return [{"id": f"b{batch}-{i}", "n": i, "timestamp": f"2025-0{1 + i % 6}-03T00:00:00Z"} for i in range(BATCH)]


def send(server, batch):
    body = "".join(json.dumps(record) + "\n" for record in records(batch)).encode()
    return server.ask("POST", "/ingest", body, NDJSON)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A data folder with parts and commits, and no server."""
    folder = tmp_path_factory.mktemp("filled")
    with Server(folder, flags=["--merge-after-s", "86400"]) as server:
        for batch in range(BATCHES):
            assert send(server, batch).status == 200
            if batch == BATCHES // 2:
                assert server.ask("POST", "/api/v1/collections/all_records/compact", b"{}").status in (200, 202)
                wait_for(lambda: list((folder / "data/parquet").glob("data_*")), 30)
    assert list((folder / "data/parquet").glob("commit_*"))
    return folder


@pytest.fixture
def place(filled, tmp_path):
    shutil.copytree(filled / "data", tmp_path / "server/data")
    return tmp_path / "server"


def contents(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in (folder / "data/parquet").glob("*.parquet")}


def check_answers(server):
    """Each is all of it, or an error."""
    count = server.sql("SELECT count(*), count(DISTINCT id), sum(n)::BIGINT FROM all_records")
    if count.status == 200:
        assert count.json()["rows"] == [[TOTAL, TOTAL, sum(range(BATCH)) * BATCHES]], count.body
    else:
        assert count.code and count.status >= 400
    page = server.rows("all_records", limit=TOTAL + 10, columns="id")
    if page.status == 200:
        assert len({row[0] for row in page.json()["rows"]}) == TOTAL
    else:
        assert page.code and page.status >= 400
    one = server.rows("all_records", filter={"id": "b1-7"})
    if one.status == 200:
        assert len(one.json()["rows"]) == 1, one.body
    else:
        assert one.code and one.status >= 400
    return count.status, page.status, one.status


def all_is_well(server):
    return check_answers(server) == (200, 200, 200)


def is_whole_again(server):
    wait_for(lambda: all_is_well(server), 15)
    assert server.get("/health").status == 200


def chosen(seed, count):
    return random.Random(seed).sample([(*fault, when) for fault in FAULTS for when in WHEN], count)


def test_queries(place):
    faults = ReadFaults(place)
    with Server(place, environment=faults.environment, flags=["--merge-after-s", "86400"]) as server:
        assert all_is_well(server)
        before = contents(place)
        met, refused = 0, 0
        for operation, error, when in chosen(1, 16):
            faults.set(operation, error, FILES[operation], **when)
            refused += check_answers(server) != (200, 200, 200)
            met += faults.clear() > 0
            is_whole_again(server)
        assert met >= 8 and refused >= 4, "faults that nobody meets prove nothing"
        assert before.items() <= contents(place).items()


@pytest.mark.parametrize("fault", range(10))
def test_starts(place, fault):
    faults = ReadFaults(place)
    before = contents(place)
    operation, error = FAULTS[fault]
    faults.set(operation, error, FILES[operation], **WHEN[fault % len(WHEN)])
    try:
        server = Server(place, environment=faults.environment, flags=["--merge-after-s", "86400"])
    except AssertionError:
        assert "error" in (place / "log.txt").read_text().lower()
        assert faults.failed > 0
        server = Server(place, environment=faults.environment)
    with server:
        check_answers(server)
        refused = send(server, 77)  # taken, or refused with a reason
        assert refused.status == 200 or refused.code
        assert faults.clear() > 0 or operation == "map"
        if refused.status == 200:
            wait_for(lambda: server.sql("SELECT count(*) FROM all_records").status == 200, 15)
            assert server.value("SELECT count(DISTINCT id) FROM all_records") == TOTAL + BATCH
        else:
            is_whole_again(server)
    assert before.items() <= contents(place).items()


def test_merges(place):
    faults = ReadFaults(place)
    with Server(place, environment=faults.environment, flags=["--merge-after-s", "86400", "--grace-s", "1"]) as server:
        assert all_is_well(server)
        met = 0
        for number, (operation, error, when) in enumerate(chosen(2, 6)):
            assert send(server, 200 + number).status == 200
            faults.set(operation, error, FILES[operation], **when)
            answer = server.ask("POST", "/api/v1/collections/all_records/compact", b"{}")
            assert answer.status < 300 or answer.code
            met += faults.clear() > 0
            wait_for(lambda: server.sql("SELECT count(*) FROM all_records").status == 200, 15)
            assert server.value("SELECT count(DISTINCT id) FROM all_records") == TOTAL + (number + 1) * BATCH
            assert server.value("SELECT count(*) FROM all_records") == TOTAL + (number + 1) * BATCH
        assert met >= 3
    with Server(place) as server:
        assert server.value("SELECT count(DISTINCT id) FROM all_records") == TOTAL + 6 * BATCH


def test_backups_and_checks(place):
    faults = ReadFaults(place)
    environment = {**os.environ, **faults.environment}
    met, refused = 0, 0
    for number, (operation, error, when) in enumerate(chosen(3, 8)):
        target = place / f"backup-{number}"
        faults.set(operation, error, FILES[operation], **when)
        done = subprocess.run([BINARY, "backup", "--to", target, "--data", place / "data"],
                              capture_output=True, env=environment, timeout=120)  # fmt: skip
        verified = subprocess.run([BINARY, "verify", "--data", place / "data"],
                                  capture_output=True, env=environment, timeout=120)  # fmt: skip
        met += faults.clear() > 0
        refused += done.returncode != 0
        if done.returncode == 0:
            assert ids_below(target) == ids_below(place / "data"), (operation, error, when)
        else:
            assert done.stderr and not target.exists(), (done, operation, error)
        assert verified.returncode == 0 or (verified.stderr or verified.stdout), (operation, error)
    assert met >= 4 and refused >= 2
    assert subprocess.run([BINARY, "verify", "--data", place / "data"], timeout=120).returncode == 0


def ids_below(folder):
    ids = []
    for path in pathlib.Path(folder).rglob("*.parquet"):
        ids += pyarrow.parquet.read_table(path, columns=["id"])["id"].to_pylist()
    return set(ids)


@pytest.mark.parametrize("seconds", [YEAR, -YEAR])
def test_a_clock_that_jumps(place, seconds):
    faults = ReadFaults(place)
    with Server(place, environment=faults.environment, flags=["--merge-after-s", "1"]) as server:
        assert all_is_well(server)
        faults.jump(seconds)
        for batch in range(100, 103):
            assert send(server, batch).status == 200
        more = TOTAL + 3 * BATCH
        assert server.ask("POST", "/api/v1/collections/all_records/compact", b"{}").status == 200
        assert server.value("SELECT count(DISTINCT id) FROM all_records") == more
        key = {"Idempotency-Key": "same", **NDJSON}
        body = b'{"id": "late", "n": 1}\n'
        assert server.ask("POST", "/ingest", body, key).status == 200
        assert server.ask("POST", "/ingest", body, key).json()["repeated"]
        assert server.get("/health").status == 200
        faults.jump(0)
        assert server.value("SELECT count(DISTINCT id) FROM all_records") == more + 1
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
    faults.jump(-seconds)
    with Server(place, environment=faults.environment) as server:
        assert server.value("SELECT count(DISTINCT id) FROM all_records") == more + 1
        assert send(server, 200).status == 200
        assert server.value("SELECT count(DISTINCT id) FROM all_records") == more + 1 + BATCH


def test_a_served_file_that_shrinks_while_it_is_mapped(serve, tmp_path):
    """SIGBUS ends a worker and nothing else."""
    path = tmp_path / "one.arrow"
    table = pyarrow.table({"n": list(range(2_000_000))})
    with pyarrow.OSFile(str(path), "wb") as file, pyarrow.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=50_000)
    server = serve(path)
    assert server.value("SELECT count(*) FROM one") == 2_000_000
    whole = path.read_bytes()
    with path.open("r+b") as file:
        file.truncate(len(whole) // 3)
    answer = server.sql("SELECT sum(n)::BIGINT FROM one")
    assert answer.status >= 400 and answer.code, answer.body[:300]
    path.write_bytes(whole)
    wait_for(lambda: server.sql("SELECT sum(n)::BIGINT FROM one").status == 200, 15)
    assert server.value("SELECT sum(n)::BIGINT FROM one") == sum(range(2_000_000))


def test_a_damaged_cache(place):
    """Whatever lies in cache/, cut, changed or foreign: answers are right."""
    with Server(place) as server:
        assert all_is_well(server)
        for _ in range(3):
            server.rows("all_records", limit=100, sort="-n")
    cache = place / "data/cache"
    (cache / "foreign.arrow").write_bytes(b"what is this")
    for number, path in enumerate(sorted(p for p in cache.rglob("*") if p.is_file())):
        whole = path.read_bytes()
        path.write_bytes([whole[: len(whole) // 2], bytes(len(whole)), b"", whole[::-1]][number % 4])
    with Server(place) as server:
        assert all_is_well(server)
        for path in (p for p in cache.rglob("*") if p.is_file()):
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        for offset in range(0, 500, 100):
            assert len(server.page("all_records", limit=100, offset=offset)["rows"]) == 100
        assert all_is_well(server)


def test_a_newer_format(place):
    """A folder of a later version is refused, and nothing in it is touched."""
    marker = place / "data/canvasback.format"
    assert marker.exists()
    marker.write_text(marker.read_text().replace("1", "9"))
    files = {p: p.read_bytes() for p in (place / "data").rglob("*") if p.is_file()}
    ended = subprocess.run([BINARY, "serve", "--listen", "127.0.0.1:0", "--data", place / "data"],
                           capture_output=True, timeout=60)  # fmt: skip
    assert ended.returncode != 0 and b"format" in ended.stderr.lower(), ended
    assert {p: p.read_bytes() for p in (place / "data").rglob("*") if p.is_file() and p.name != ".lock"} == {
        p: b for p, b in files.items() if p.name != ".lock"}  # fmt: skip
