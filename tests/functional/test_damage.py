"""Damaged files of collections: whichever bit of a file is flipped, every answer is right or an error that names it."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess

import duckdb
import pyarrow.parquet as pq
import pytest
from serving import BINARY, wait_for
from test_collections import files_of, send, sql
from test_management import ended, work

QUIET = ["--merge-after-s", "3600", "--grace-s", "0"]
ROWS = 150_000  # more than a row group of a part has, and many of a commit
WEEK = "2025-06-10T00:00:00Z"


def records(rows, first=0):
    return [{"id": f"r{i}", "n": i, "share": i / 8, "flag": i % 3 == 0, "name": f"name {i % 1000}", "timestamp": WEEK,
             "tags": [f"t{i % 7}"]} for i in range(first, first + rows)]  # fmt: skip


def regions(path):
    """Places in a file by what stands there: pages of each column, Bloom filters, page indexes, the footer."""
    size = os.path.getsize(path)
    metadata = pq.read_metadata(path)
    out = {}
    for group in {0, metadata.num_row_groups - 1}:
        for index in range(metadata.num_columns):
            column = metadata.row_group(group).column(index)
            begin = min(filter(None, [column.dictionary_page_offset, column.data_page_offset]))
            name = f"{column.path_in_schema} of row group {group}"
            out[f"page header of {name}"] = begin + 3
            out[f"first page of {name}"] = begin + min(60, column.total_compressed_size - 1)
            out[f"last page of {name}"] = begin + column.total_compressed_size - 1
    last = metadata.row_group(metadata.num_row_groups - 1)
    end = max(min(filter(None, [c.dictionary_page_offset, c.data_page_offset])) + c.total_compressed_size
              for c in (last.column(i) for i in range(metadata.num_columns)))  # fmt: skip
    with open(path, "rb") as file:
        file.seek(size - 8)
        footer = size - 8 - int.from_bytes(file.read(4), "little")
    with duckdb.connect() as connection:
        blooms = connection.execute(
            f"SELECT bloom_filter_offset, bloom_filter_length FROM parquet_metadata('{path}') "
            "WHERE bloom_filter_offset IS NOT NULL").fetchall()  # fmt: skip
    assert blooms and footer > end
    for number, (offset, length) in enumerate(blooms[:2]):
        out[f"Bloom filter {number}"] = offset + (length or 100) // 2
    for share in (0.3, 0.6, 0.9):
        out[f"between pages and footer at {share}"] = end + int((footer - end - 1) * share)
        out[f"footer at {share}"] = footer + int((size - 8 - footer) * share)
    out["length of the footer"] = size - 8
    out["begin"] = 1
    return out


@contextlib.contextmanager
def flipped(path, at, bit=1):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ bit]))
    try:
        yield
    finally:
        with open(path, "r+b") as file:
            file.seek(at)
            file.write(bytes([byte]))


def job(server, what, body=None):
    """What a piece of work ends with: its result or its error, as text."""
    started = work(server, what, body, {"Prefer": "respond-async"})
    assert started.status == 202, started.body
    end = ended(server, started.json()["id"])
    return end["state"] == "done", json.dumps([end["result"], end["error"]])


FILTER = {"n": {"op": "ge", "value": 0}}


def answers(server):
    """Every way to read: its name, whether it gave something, and what."""
    data = "/api/v1/datasets/all_records"
    asked = {
        "sql": lambda: server.sql("SELECT sum(n), sum(share), count_if(flag), count(DISTINCT name), min(id), max(id), "
                                  "sum(len(tags)), min(timestamp) FROM all_records"),
        "filter": lambda: server.get(f"{data}/rows", filter=FILTER, limit=3, format="csv", sort="-n"),
        "rows": lambda: server.get(f"{data}/rows", limit=5, offset=10, format="csv"),
        "by id": lambda: server.get("/query/id/r140000"),
        "export": lambda: server.get(f"{data}/export", format="csv"),
        "profile": lambda: server.get(f"{data}/profile", columns="n,name,share"),
    }  # fmt: skip
    for name, ask in asked.items():
        answer = ask()
        text = answer.body.decode(errors="replace")
        if name == "by id" and answer.status == 200:
            text = json.dumps(answer.json()["data"])
        if name in ("sql", "profile") and answer.status == 200:
            document = answer.json()
            text = json.dumps(document["rows" if name == "sql" else "columns"])
        yield name, answer.status == 200, text


@pytest.mark.parametrize("kind", ["commit", "part"])
def test_a_bit_in_every_region_is_an_error_that_names_the_file(serve, kind):
    server = serve(flags=QUIET)
    send(server, records(ROWS))
    if kind == "part":
        assert job(server, "compact")[0]
    (path,) = files_of(server)
    right = {name: text for name, good, text in answers(server) if good}
    assert set(right) == {"sql", "filter", "rows", "by id", "export", "profile"}
    assert pq.read_metadata(path).num_row_groups > 1
    name = pathlib.Path(path).name
    for region, at in regions(path).items():
        with flipped(path, at):
            for way, good, text in answers(server):
                assert text == right[way] if good else name in text, (region, way, text[:500])
            good, text = job(server, "verify")
            assert good and name in text, (region, text)
            backup = server.get("/api/v1/backup")
            assert backup.status != 200 and name in backup.body.decode(), (region, backup.body[:300])
            for what, body in (("compact", None), ("archive", {"before": "2026-W01"})):
                good, text = job(server, what, body)
                # A part that has its week for itself has nothing to be merged with.
                assert (good and what == "compact" and kind == "part") or name in text, (region, what, text)
            assert files_of(server) == [path], region
    for way, good, text in answers(server):
        assert good and text == right[way], way


def damaged_commit(serve):
    """Case 205: one value of a stopped server's commit, by one bit."""
    server = serve(flags=QUIET)
    send(server, [{"id": f"r{i}", "n": i} for i in range(1000)])
    server.stop()
    (path,) = files_of(server)
    content = pathlib.Path(path).read_bytes()
    at = content.index((500).to_bytes(8, "little") + (501).to_bytes(8, "little"))
    pathlib.Path(path).write_bytes(content[:at] + b"\xf5" + content[at + 1 :])
    return server, path, content


def test_a_merge_gives_damage_no_fresh_checksum(serve, serve_in):
    server, path, content = damaged_commit(serve)
    again = serve_in(server.folder, flags=QUIET)
    name = pathlib.Path(path).name
    for _ in range(2):
        answer = again.sql("SELECT sum(n) FROM all_records")
        assert answer.status != 200 and name in answer.body.decode()
        assert "column n" in answer.json()["detail"], "the damage is located"
    good, text = job(again, "compact")
    assert not good and name in text
    assert again.get("/api/v1/backup").status != 200
    health = wait_for(lambda: (h := again.get("/health")).json()["scrub"]["damaged"] and h)
    assert health.status == 503 and health.json()["scrub"]["damaged"][0]["file"] == name
    # Brought back from a copy: noticed by itself.
    pathlib.Path(path).write_bytes(content)
    assert again.value("SELECT sum(n)::BIGINT FROM all_records") == 499_500
    assert wait_for(lambda: again.get("/health").status == 200)
    assert job(again, "compact")[0]


def test_a_restore_does_not_bring_damage_back(serve):
    server = serve(flags=QUIET)
    send(server, records(1000))
    good, text = job(server, "archive", {"before": "2026-W01"})
    assert good, text
    (path,) = (server.folder / "data/archive").glob("*.parquet")
    with flipped(path, 500):
        good, text = job(server, "restore")
        assert not good and path.name in text
        assert files_of(server) == []
    assert job(server, "restore")[0]
    assert sql(server, "SELECT count(*) AS n FROM all_records") == [{"n": 1000}]


def test_a_file_that_is_only_touched_is_read_on(serve):
    """A hard link, chmod and a rename there and back change what a file is known by, and nothing of what is in it."""
    server = serve(flags=QUIET)
    send(server, records(1000))
    (path,) = map(pathlib.Path, files_of(server))
    total = server.value("SELECT sum(n)::BIGINT FROM all_records")
    os.link(path, server.folder / "link")
    assert server.value("SELECT sum(n)::BIGINT FROM all_records") == total
    path.chmod(0o600)
    assert server.page("all_records", limit=1)["total_rows"] == 1000
    os.utime(path, (1, 1))
    assert server.get("/api/v1/backup").status == 200
    path.chmod(0o640)
    assert job(server, "compact")[0]
    assert server.value("SELECT sum(n)::BIGINT FROM all_records") == total


def test_the_scrub_finds_what_changed_behind_our_back(serve, serve_in):
    """Where nothing tells that a file changed only the scrub can: here, that it is due and what it says."""
    server = serve(flags=QUIET)
    send(server, records(1000))
    scrub = wait_for(lambda: (s := server.get("/health").json()["scrub"])["age_s"] is not None and s)
    assert scrub["damaged"] == [] and not scrub["running"] and scrub["unchecked_files"] == 0
    server.stop()
    kept = json.loads((server.folder / "data/checks.json").read_text())
    assert kept["scrubbed_us"] > 0 and [pathlib.Path(f["path"]).name for f in kept["files"]]
    # The file as it was checked, with another content: as if the disk had lost a bit.
    (path,) = files_of(server)
    content = bytearray(pathlib.Path(path).read_bytes())
    content[300] ^= 1
    pathlib.Path(path).write_bytes(content)
    info = os.stat(path)
    kept["files"][0].update(bytes=info.st_size, modified_ns=info.st_mtime_ns, changed_ns=info.st_ctime_ns,
                            inode=info.st_ino)  # fmt: skip
    (server.folder / "data/checks.json").write_text(json.dumps(kept))
    before = serve_in(server.folder, flags=QUIET)
    assert before.get("/health").json()["scrub"]["unchecked_files"] == 0, "its identity is that of a checked file"
    before.stop()
    kept["scrubbed_us"] -= 8 * 24 * 3600 * 1_000_000
    (server.folder / "data/checks.json").write_text(json.dumps(kept))
    later = serve_in(server.folder, flags=QUIET)
    damaged = wait_for(lambda: later.get("/health").json()["scrub"]["damaged"])
    assert [entry["file"] for entry in damaged] == [pathlib.Path(path).name]
    assert later.sql("SELECT count(*), sum(n) FROM all_records").status != 200


def test_what_was_checked_is_not_read_again_after_a_restart(serve, serve_in):
    server = serve(flags=QUIET)
    send(server, records(1000))
    wait_for(lambda: server.get("/health").json()["scrub"]["age_s"] is not None)
    server.stop()
    again = serve_in(server.folder, flags=QUIET)
    assert again.get("/health").json()["scrub"]["unchecked_files"] == 0
    again.stop()
    (server.folder / "data/checks.json").write_text("{broken")
    third = serve_in(server.folder, flags=QUIET)
    assert third.value("SELECT count(*)::BIGINT FROM all_records") == 1000
    wait_for(lambda: third.get("/health").json()["scrub"]["unchecked_files"] == 0)


@pytest.mark.parametrize("kind", ["link", "foreign", "flipped", "pipe"])
def test_a_backup_takes_no_file_of_others(serve, tmp_path, kind):
    """Case 206."""
    server = serve(flags=QUIET)
    send(server, records(1000))
    (path,) = map(pathlib.Path, files_of(server))
    secret = tmp_path / "secret"
    secret.write_text("the front's own key")
    if kind == "link":
        path.unlink()
        path.symlink_to(secret)
    elif kind == "foreign":
        pq.write_table(pq.read_table(path, columns=["n"]), tmp_path / "foreign.parquet")
        shutil.copy(tmp_path / "foreign.parquet", path)
    elif kind == "flipped":
        content = bytearray(path.read_bytes())
        content[100] ^= 8
        path.write_bytes(content)
    else:
        path.unlink()
        os.mkfifo(path)
    answer = server.get("/api/v1/backup")
    assert answer.status != 200 and path.name in answer.body.decode()
    assert b"own key" not in answer.body
    good, text = job(server, "backup")
    assert not good and path.name in text
    done = subprocess.run([BINARY, "backup", "--server", server.url, "--to", tmp_path / "copy"], capture_output=True,
                          check=False)  # fmt: skip
    assert done.returncode == 1 and path.name.encode() in done.stderr
    assert not (tmp_path / "copy").exists()


def test_a_served_file_written_into_is_another(serve, tmp_path):
    """Case 217: size and time of the content say nothing; what nobody can set does."""
    path = tmp_path / "t.parquet"

    def write(value):
        with duckdb.connect() as connection:
            connection.execute(f"COPY (SELECT {value} AS v FROM range(1000)) TO '{tmp_path}/new.parquet'")
        with open(path, "r+b" if path.exists() else "wb") as file:
            file.write((tmp_path / "new.parquet").read_bytes())
        os.utime(path, (1_700_000_000, 1_700_000_000))

    write(1)
    server = serve(f"t={path}")
    size = path.stat().st_size

    def seen():
        """What each way to read gives; nothing where it says that the file changed."""
        answers = [server.sql("SELECT max(v) FROM t"), server.rows("t", limit=1),
                   server.get("/api/v1/datasets/t/profile")]  # fmt: skip
        read = [lambda d: d["rows"][0][0], lambda d: d["rows"][0][0], lambda d: d["columns"][0]["max"]]
        return [int(get(a.json())) if a.status == 200 else None for get, a in zip(read, answers, strict=True)]

    assert seen() == [1, 1, 1]
    write(2)
    assert path.stat().st_size == size and path.stat().st_mtime == 1_700_000_000
    wait_for(lambda: seen() == [2, 2, 2])
