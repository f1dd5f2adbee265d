"""Served files that are replaced by rename, rewritten or removed: noticed at once, and every answer is of one version.

Nothing here waits for the server to look at its files by itself: the request after the change must be answered from
what is there then.
"""

import io
import os
import socket
import threading
import time

import pyarrow as pa
import pyarrow.parquet
import pytest
from replacing import Replaced, storm, table_of, write_version
from serving import GATELESS, PATIENCE, parse_answers, receive, wait_for

KINDS = ["page", "sorted", "sql", "csv", "file", "profile"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_next_answer_is_of_the_new_file(serve, tmp_path, kind):
    replaced = Replaced(tmp_path / "in/one.parquet")
    server = serve(replaced.path)
    for version in range(1, 8):
        replaced.replace(version)
        assert replaced.ask(server, kind) == version, server.tail()


def test_a_folder_of_one_file(serve, tmp_path):
    replaced = Replaced(tmp_path / "one/part.parquet")
    server = serve(replaced.path.parent)
    for version in range(1, 8):
        replaced.replace(version)
        assert [replaced.ask(server, kind) for kind in KINDS] == [version] * len(KINDS)


def test_a_link_that_is_moved_on(serve, tmp_path):
    """What a link leads to is seen when the server looks at its files the next time."""
    for version in (0, 1, 2):
        write_version(tmp_path / f"v{version}.parquet", version)
    link = tmp_path / "one.parquet"
    link.symlink_to("v0.parquet")
    replaced = Replaced(link, make=False)
    server = serve(link)
    for version in (1, 2):
        (tmp_path / "next").symlink_to(f"v{version}.parquet")
        (tmp_path / "next").rename(link)
        wait_for(lambda: replaced.ask(server, "sql") == version)  # noqa: B023
        assert replaced.ask(server, "page") == version


def test_text_files(serve, tmp_path):
    """They are opened by their names, so that their replacing needs new workers: waited for, too."""
    path = tmp_path / "text.csv"
    path.write_text("v\n0\n0\n")
    server = serve(path)
    for version in (1, 2, 3):
        (tmp_path / "next").write_text(f"v\n{version}\n{version}\n")
        (tmp_path / "next").rename(path)
        assert server.page("text", limit=10)["rows"] == [[version], [version]]
        assert server.value("SELECT max(v) FROM text") == version


def test_a_schema_that_changes(serve, tmp_path):
    path = tmp_path / "one.parquet"
    pyarrow.parquet.write_table(pa.table({"a": [1]}), path)
    server = serve(path)
    assert server.value("SELECT a FROM one") == 1
    pyarrow.parquet.write_table(pa.table({"b": ["x"], "c": [2.5]}), tmp_path / "next")
    (tmp_path / "next").rename(path)
    assert server.page("one", limit=1)["rows"] == [["x", 2.5]]
    assert server.value("SELECT b FROM one") == "x"
    assert server.sql("SELECT a FROM one").status == 400


def test_a_removed_file_is_not_found(serve, tmp_path):
    replaced = Replaced(tmp_path / "in/one.parquet")
    other = Replaced(tmp_path / "in/other.parquet")
    server = serve(replaced.path, other.path)
    assert replaced.ask(server, "sql") == 0
    replaced.path.unlink()
    answers = [
        server.sql("SELECT count(*) FROM one"),
        server.sql("SELECT count(*) FROM ONE JOIN other USING (id)"),
        server.rows("one", limit=5),
        server.rows("one", sort="id"),
        server.get("/api/v1/datasets/one/profile"),
    ]
    for answer in answers:
        assert (answer.status, answer.code) == (404, "DatasetNotFound"), answer.body
        for part in (b"read_parquet", b"VIEW", b"Permission"):
            assert part not in answer.body, answer.body
    assert other.ask(server, "sql") == 0
    assert server.value("SELECT 'one'") == "one"  # a word is no table
    replaced.replace(3)
    server.page("other", limit=1)
    deadline = time.monotonic() + 10 * PATIENCE
    while server.rows("one", limit=1).status != 200 and time.monotonic() < deadline:
        time.sleep(0.05)  # nobody reads what is not there: the next look finds it
    assert replaced.ask(server, "sql") == 3


def test_an_export_ends_with_the_file_it_began_with(serve, tmp_path):
    """The reader takes its time; the file is replaced many times and removed before it goes on."""
    path = tmp_path / "big.parquet"
    text = "x" * 100
    big = pa.table({"v": [7] * 400_000, "text": [f"{text}{i}" for i in range(400_000)]})
    pyarrow.parquet.write_table(big, path, row_group_size=20_000)
    server = serve(path)
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        target = b"/api/v1/datasets/big/rows?format=csv"
        client.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        begun = receive(client, 30, b"\r\n\r\n")
        for version in range(5):
            write_version(tmp_path / "next", version)
            (tmp_path / "next").rename(path)
            assert server.value("SELECT max(v) FROM big") == version
        path.unlink()
        whole = begun + receive(client, 120)
    answer = parse_answers(whole)[0]
    lines = answer.body.decode().splitlines()
    assert answer.status == 200 and len(lines) == 400_001
    assert lines[-1] == f"7,{text}399999"


def test_a_file_that_is_rewritten_in_place(serve, tmp_path):
    """Size and time of its content are kept: the new content, or an error that asks to come again; never both."""
    path = tmp_path / "one.parquet"
    write_version(path, 0)
    server = serve(path)
    replaced = Replaced(path, make=False)
    info = path.stat()
    for version in (1, 2, 3):
        write_version(tmp_path / "next", version, rows_of=0)
        content = (tmp_path / "next").read_bytes().ljust(info.st_size)
        if len(content) != info.st_size:
            continue
        path.write_bytes(content)
        os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
        for kind in KINDS:
            assert replaced.ask(server, kind, any_rows=True) == version


def test_a_neighbour_of_a_served_file_cannot_be_read(serve, tmp_path):
    """Without the gate: workers are given descriptors of what is served, and no folder."""
    replaced = Replaced(tmp_path / "in/one.parquet")
    write_version(tmp_path / "in/secret.parquet", 9)
    server = serve(replaced.path, binary=GATELESS)
    replaced.replace(1)
    assert server.value(f"SELECT max(v) FROM read_parquet('{replaced.path}')") == 1
    refused = server.sql(f"SELECT max(v) FROM read_parquet('{tmp_path}/in/secret.parquet')")
    assert refused.status in (400, 403), refused.body
    assert server.sql(f"SELECT * FROM glob('{tmp_path}/in/*')").status in (400, 403)


def test_under_load(serve, tmp_path):
    """The short form of `soak.py replaced`: a rename every 50 ms under clients that ask for everything."""
    replaced = Replaced(tmp_path / "in/one.parquet")
    server = serve(replaced.path)
    figures = storm(server, replaced, seconds=4, clients=8)
    assert figures["bad"] == [], (figures, server.tail())
    assert figures["versions"] >= 5 and figures["answers"] >= 50, figures
    pids = {worker["pid"] for worker in server.workers().values()}
    replaced.replace(100_000)
    assert replaced.ask(server, "sql") == 100_000
    assert {worker["pid"] for worker in server.workers().values()} == pids  # a rename costs no worker


def test_two_names_of_one_file(serve, tmp_path):
    """Each is looked at by itself, and one statement may read both."""
    replaced = Replaced(tmp_path / "in/one.parquet")
    server = serve(f"a={replaced.path}", f"b={replaced.path}")
    for version in range(1, 6):
        replaced.replace(version)
        assert server.value("SELECT max(v) FROM a") == version
        assert server.sql("SELECT max(a.v), max(b.v) FROM a JOIN b USING (id)").json()["rows"] == [[version, version]]


def test_the_file_itself_is_sent_whole(serve, tmp_path):
    replaced = Replaced(tmp_path / "in/one.parquet")
    server = serve(replaced.path)
    stop = threading.Event()
    writer = threading.Thread(target=replaced.keep_replacing, args=(stop, 0.01))
    writer.start()
    try:
        for _ in range(40):
            table = pyarrow.parquet.read_table(io.BytesIO(server.rows("one", format="parquet").body))
            assert table == table_of(table["v"][0].as_py())
    finally:
        stop.set()
        writer.join()
