"""Backups and copies: taken while records come in, restored elsewhere, and weeks that are moved by hand."""

import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import threading

import pyarrow
import pyarrow.parquet as pq
import pytest
from serving import BINARY, wait_for
from test_collections import send, sql


def run(*arguments, check=True, **options):
    done = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, check=False, **options)
    assert not check or done.returncode == 0, done.stderr
    return done


def batch(number, size=40):
    return [{"id": f"{number}-{i}", "batch": number, "size": size, "timestamp": f"2025-{1 + i % 12:02}-10T00:00:00Z"}
            for i in range(size)]  # fmt: skip


def unpack(path, folder):
    if path.is_dir():
        return path
    folder.mkdir()
    if path.name.endswith(".zst"):
        with pyarrow.input_stream(path, compression="zstd") as packed:
            with tarfile.open(fileobj=packed, mode="r|") as archive:
                archive.extractall(folder / "data")
    else:
        with tarfile.open(path) as archive:
            archive.extractall(folder / "data")
    return folder / "data"


def verify(folder, *more):
    done = run("verify", "--data", folder, *more)
    return int(done.stderr.split(" records")[0].split(", ")[-1].replace(",", "").replace(" ", ""))


@pytest.mark.parametrize("target", ["copy", "copy.tar", "copy.tar.gz", "copy.tar.zst"])
def test_a_backup_while_records_come_in(serve, tmp_path, target):
    server = serve(flags=["--merge-after-s", "1"])
    send(server, batch(0))
    send(server, [{"x": 1}], collection="other")
    stop = threading.Event()
    acknowledged = [0]

    def write():
        while not stop.is_set():
            send(server, batch(len(acknowledged)))
            acknowledged.append(len(acknowledged))

    writer = threading.Thread(target=write)
    writer.start()
    wait_for(lambda: len(acknowledged) > 10)
    before = len(acknowledged)
    run("backup", "--server", server.url, "--to", tmp_path / target)
    after = len(acknowledged) + 1  # one may have been under way
    wait_for(lambda: len(acknowledged) > before + 10)
    stop.set()
    writer.join()
    copy = unpack(tmp_path / target, tmp_path / "unpacked")
    count = verify(copy)
    assert before * 40 <= count <= after * 40 and count % 40 == 0
    assert verify(copy, "--collection", "other") == 1
    assert not list(tmp_path.glob("*.incomplete"))


def test_a_backup_without_a_server_has_everything(serve, tmp_path):
    server = serve()
    for number in range(3):
        send(server, batch(number))
    bad = server.ask("POST", "/ingest", b'{"a": 1}\nnot json\n', {"Content-Type": "application/x-ndjson"},
                     on_error="quarantine")  # fmt: skip
    assert bad.json()["quarantined"] == 1
    server.stop()
    data = server.folder / "data"
    run("archive", "--before", "2025-W20", "--data", data)
    run("backup", "--to", tmp_path / "copy", "--data", data)
    files = lambda folder: sorted(  # noqa: E731
        str(path.relative_to(folder)) for part in ("parquet", "archive", "quarantine")
        for path in (folder / part).rglob("*") if path.is_file())  # fmt: skip
    assert files(tmp_path / "copy") == files(data)
    assert verify(tmp_path / "copy") == verify(data)
    run("restore", "--data", tmp_path / "copy")
    assert verify(tmp_path / "copy") == 121
    # A folder that is there already is not written into.
    assert run("backup", "--to", tmp_path / "copy", "--data", data, check=False).returncode == 1


def test_a_plain_tar_of_the_live_folder(serve, tmp_path):
    server = serve(flags=["--merge-after-s", "1"])
    stop = threading.Event()
    sent = []

    def write():
        while not stop.is_set():
            send(server, batch(len(sent)))
            sent.append(len(sent))

    writer = threading.Thread(target=write)
    writer.start()
    wait_for(lambda: len(sent) > 10)
    before = len(sent)
    # Names go while tar reads them: it says so, and goes on.
    done = subprocess.run(["tar", "-cf", tmp_path / "a.tar", "-C", server.folder / "data", "parquet"], check=False,
                          capture_output=True)  # fmt: skip
    stop.set()
    writer.join()
    assert done.returncode in (0, 1, 2)
    (tmp_path / "data").mkdir()
    subprocess.run(["tar", "-xf", tmp_path / "a.tar", "-C", tmp_path / "data"], check=True)
    count = verify(tmp_path / "data")
    assert count % 40 == 0 and count >= 40 * before


def parts(server):
    return sorted((server.folder / "data/parquet").glob("data_*.parquet"))


def test_a_week_moved_by_hand_is_no_error(serve):
    server = serve(flags=["--merge-after-s", "1", "--grace-s", "0"])
    for number in range(4):
        send(server, batch(number))
    wait_for(lambda: len(parts(server)) >= 12 and not list((server.folder / "data/parquet").glob("commit_*")))
    total = sql(server, "SELECT count(*) AS n FROM all_records")[0]["n"]
    stop = threading.Event()
    failed, seen = [], set()

    def ask(path, body):
        while not stop.is_set():
            answer = server.ask("POST", path, body)
            if answer.status != 200:
                failed.append(answer.body)
            elif path == "/query/sql":
                seen.add(answer.json()["data"][0]["n"])

    asked = [("/query/sql", {"sql": "SELECT count(DISTINCT id) AS n FROM all_records"}),
             ("/query/search", {"query": "0-1"}),
             ("/query/date-range", {"start": "2025-01-01", "limit": 5})]  # fmt: skip
    askers = [threading.Thread(target=ask, args=arguments) for arguments in asked]
    for asker in askers:
        asker.start()
    archive = server.folder / "data/archive"
    week = parts(server)[0]
    gone = None
    for _ in range(6):
        os.rename(week, archive / week.name)
        # At once: a statement that begins after the move does not see the week, and is no error.
        count = sql(server, "SELECT count(DISTINCT id) AS n FROM all_records")[0]["n"]
        assert count < total
        gone = count
        os.rename(archive / week.name, week)
        wait_for(lambda: sql(server, "SELECT count(DISTINCT id) AS n FROM all_records")[0]["n"] == total)
    stop.set()
    for asker in askers:
        asker.join()
    assert not failed, failed[:2]
    assert seen <= {total, gone}


def test_weeks_beyond_keep_weeks_go(serve):
    server = serve(flags=["--merge-after-s", "1", "--keep-weeks", "30", "--grace-s", "0"])
    send(server, [{"id": "old", "timestamp": "2001-01-01T00:00:00Z"}, {"id": "new"}])
    wait_for(lambda: sql(server, "SELECT id FROM all_records") == [{"id": "new"}])
    wait_for(lambda: len(parts(server)) == 1)
    server.stop()
    assert verify(server.folder / "data") == 1


def test_a_broken_copy_is_told(serve, tmp_path):
    server = serve()
    send(server, batch(0, 2000))
    server.stop()
    data = server.folder / "data"
    run("backup", "--to", tmp_path / "copy", "--data", data)
    (file,) = (tmp_path / "copy/parquet").glob("*.parquet")
    whole = file.read_bytes()
    columns = pq.read_metadata(file).row_group(0)
    # A bit of each column's last value: none of them makes a page that cannot be read.
    for index in range(columns.num_columns):
        column = columns.column(index)
        content = bytearray(whole)
        content[(column.dictionary_page_offset or column.data_page_offset) + column.total_compressed_size - 1] ^= 1
        file.write_bytes(content)
        done = run("verify", "--data", tmp_path / "copy", check=False)
        assert done.returncode == 1 and pathlib.Path(file).name in done.stdout, column.path_in_schema
    shutil.rmtree(tmp_path / "copy")
    assert json.loads(run("stats", "--format", "json", "--data", data).stdout)["total_records"] == 2000
