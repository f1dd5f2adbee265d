"""`ingest --watch`: which file is which, when it is finished, and what happens when something is wrong with one."""

import gzip
import http.server
import os
import shutil
import signal
import subprocess
import threading

import pytest
from serving import BINARY, Server, wait_for
from test_collections import ndjson, send, sql
from test_ingest_cli import start, value_of


class Watch:
    """A running `ingest --watch` into a server, and what it says."""

    def __init__(self, server, folder, *more, settle=1):
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.lines = []
        self.process = start("ingest", "--watch", folder, "--server", server.url, "--settle", settle, *more)
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stderr))
        self.reader.start()
        self.said("watching")

    def said(self, text):
        return wait_for(lambda: [line for line in list(self.lines) if text in line])

    def done(self, *names, where="done"):
        wait_for(lambda: all((self.folder / where / name).exists() for name in names))

    def put(self, name, data):
        """As whoever writes beside it and renames."""
        beside = self.folder / f".{name}"
        beside.write_bytes(data)
        beside.rename(self.folder / name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.reader.join()
        self.process.stderr.close()


@pytest.fixture
def watch(serve, tmp_path):
    server = serve()
    with Watch(server, tmp_path / "in") as watched:
        watched.server = server
        yield watched


def rows(watch):
    return [row["n"] for row in sql(watch.server, "SELECT n FROM all_records ORDER BY n")]


def test_files_alike_in_name_size_and_time_are_two(watch):
    """The name's first 64 bytes, the size, the time and even the content."""
    for number, name in ((1, "a"), (2, "b"), (1, "c")):
        path = watch.folder / f".{name}"
        path.write_bytes(ndjson([{"n": number}]))
        os.utime(path, (1_700_000_000, 1_700_000_000))
        path.rename(watch.folder / ("long" * 20 + name + ".ndjson"))
    watch.done(*("long" * 20 + name + ".ndjson" for name in "abc"))
    assert rows(watch) == [1, 1, 2]


def test_nothing_is_replaced_in_done_and_failed(watch):
    for number in (1, 2, 3):
        watch.put("daily.ndjson.gz", gzip.compress(ndjson([{"n": number}])))
        watch.put("fail.ndjson", b"bad %d\n" % number)
        suffix = "" if number == 1 else f"-{number}"
        watch.done(f"daily{suffix}.ndjson.gz")
        watch.done(f"fail{suffix}.ndjson", where="failed")
    assert rows(watch) == [1, 2, 3]
    assert (watch.folder / "failed/fail-2.ndjson").read_bytes() == b"bad 2\n"


def test_a_long_name_gets_its_number(watch):
    name = "ä" * 120 + ".ndjson"
    for number in (1, 2):
        path = watch.folder / ".x"
        path.write_bytes(ndjson([{"n": number}]))
        path.rename(watch.folder / name)
        wait_for(lambda number=number: len(list((watch.folder / "done").iterdir())) == number)
    assert rows(watch) == [1, 2]


@pytest.mark.parametrize("reopens", [True, False])
def test_a_slow_writer_is_waited_for(watch, reopens):
    """Line by line, with the file open all the time (however long it rests) or opened for each."""
    path = watch.folder / "slow.ndjson"
    file = open(path, "ab")
    for number in range(4):
        file.write(ndjson([{"n": number}]))
        file.flush()
        if reopens:
            file.close()
            watch.put(f"tick-{number}.csv", b"m\n1\n")
            watch.done(f"tick-{number}.csv")
            file = open(path, "ab")
        else:  # longer than files take to settle
            watch.put(f"tick-{number}.csv", b"m\n1\n")
            watch.done(f"tick-{number}.csv")
            (watch.folder / f"tock-{number}.csv").write_bytes(b"m\n1\n")
            watch.done(f"tock-{number}.csv")
            assert path.exists()
    file.close()
    watch.done("slow.ndjson")
    wait_for(lambda: value_of(watch.server, "SELECT count(n) FROM all_records") == 4)
    assert [n for n in rows(watch) if n is not None] == [0, 1, 2, 3]


def test_lines_that_come_after_the_move_are_kept(watch):
    watch.put("late.ndjson", ndjson([{"n": 1}]))
    watch.done("late.ndjson")
    with open(watch.folder / "done/late.ndjson", "ab") as file:
        file.write(ndjson([{"n": 2}, {"n": 3}]))
    wait_for(lambda: value_of(watch.server, "SELECT count(*) FROM all_records") == 3)
    assert rows(watch) == [1, 2, 3]
    watch.put("late.json", b'[{"n": 4}]')
    watch.done("late.json")
    with open(watch.folder / "done/late.json", "ab") as file:
        file.write(b'[{"n": 5}]')
    watch.said("not kept")
    assert rows(watch) == [1, 2, 3, 4]


def test_a_rename_that_fails_ends_nothing(watch):
    shutil.rmtree(watch.folder / "done")
    watch.put("a.ndjson", ndjson([{"n": 1}]))
    watch.done("a.ndjson")
    # Something in the way of done/: told, kept once, and moved when it can be.
    shutil.rmtree(watch.folder / "done")
    (watch.folder / "done").write_text("in the way")
    watch.put("b.ndjson", ndjson([{"n": 2}]))
    watch.said("b.ndjson: it is kept and cannot be moved")
    watch.put("c.ndjson", ndjson([{"n": 3}]))
    watch.said("c.ndjson: it is kept and cannot be moved")
    (watch.folder / "done").unlink()
    watch.done("b.ndjson", "c.ndjson")
    assert rows(watch) == [1, 2, 3]


def test_a_file_that_vanishes_ends_nothing(watch):
    """Taken away at any moment; the process is stopped for it, so that it does not see it happen."""
    big = ndjson([{"n": number, "text": "x" * 200} for number in range(20_000)])
    for turn in range(3):
        watch.put("gone.ndjson", big)
        os.kill(watch.process.pid, signal.SIGSTOP)
        (watch.folder / "gone.ndjson").unlink(missing_ok=True)
        os.kill(watch.process.pid, signal.SIGCONT)
        watch.put(f"next-{turn}.ndjson", ndjson([{"n": -1}]))
        watch.done(f"next-{turn}.ndjson")
    assert watch.process.poll() is None
    assert value_of(watch.server, "SELECT count(*) FROM all_records") % 20_000 == 3


def test_a_file_that_cannot_be_read_ends_nothing(watch):
    if os.geteuid() == 0:
        (watch.folder / "none.ndjson").symlink_to(watch.folder / "nowhere")
    else:
        watch.put("none.ndjson", b"")
        (watch.folder / "none.ndjson").chmod(0)
    watch.put("a.ndjson", ndjson([{"n": 1}]))
    watch.done("a.ndjson")
    assert rows(watch) == [1]


def test_a_server_that_is_away_is_waited_for(tmp_path):
    with Server(tmp_path / "server") as server:
        port = server.port
        send(server, [{"n": 0}])
        with Watch(server, tmp_path / "in") as watch:
            server.stop()
            watch.put("a.ndjson", ndjson([{"n": 1}]))
            watch.said("a.ndjson: The server")
            again = Server(tmp_path / "server", port=port)
            try:
                watch.server = again
                watch.done("a.ndjson")
                assert rows(watch) == [0, 1]
            finally:
                again.stop()


def test_files_that_are_there_already_are_kept(serve, tmp_path):
    server = serve()
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "old.ndjson").write_bytes(ndjson([{"n": 1}]))
    os.utime(folder / "old.ndjson", (1_600_000_000, 1_600_000_000))
    with Watch(server, folder, settle=3600) as watch:
        watch.server = server
        watch.done("old.ndjson")
        # A new one is not finished for an hour, unless it comes by renaming.
        (folder / "new.ndjson").write_bytes(ndjson([{"n": 2}]))
        watch.put("whole.ndjson", ndjson([{"n": 3}]))
        watch.done("whole.ndjson")
        assert (folder / "new.ndjson").exists()
        assert rows(watch) == [1, 3]


def test_a_wrong_settle_is_told(tmp_path):
    process = start("ingest", "--watch", tmp_path, "--data", tmp_path / "data", "--settle", "soon")
    assert process.wait(60) == 2 and "--settle" in process.stderr.read()
    process.stderr.close()


@pytest.mark.parametrize("remote", [True, False])
def test_a_pipe_that_breaks_says_what_is_kept(serve, tmp_path, remote):
    """Batch by batch: which lines are kept, and from which on none is."""
    server = serve() if remote else None
    where = ["--server", server.url] if remote else ["--data", tmp_path / "alone/data"]
    process = start("ingest", "-", *where, stdin=subprocess.PIPE)
    parquet = (server.folder if remote else tmp_path / "alone") / "data/parquet"
    process.stdin.write('{"n": 1}\n{"n": 2}\n')
    process.stdin.flush()
    wait_for(lambda: list(parquet.glob("*.parquet")))
    # Its end has to be known to the command before the next lines come.
    wait_for(lambda: value_of(server, "SELECT count(*) FROM all_records") == 2 if remote else True)
    process.stdin.write('{"n": 3}\n{"n": \n{"n": 5}\n')
    process.stdin.close()
    assert process.wait(60) == 1
    said = process.stderr.read()
    process.stderr.close()
    assert "line 4:" in said, said
    assert "Lines 1 to 2 are kept (2 records in 1 batches); nothing from line 3 on is." in said, said
    if not remote:
        server = Server(tmp_path / "alone")
    assert sql(server, "SELECT n FROM all_records ORDER BY n") == [{"n": 1}, {"n": 2}]
    server.stop()


def test_a_pipe_whose_first_batch_is_bad_says_so(tmp_path):
    done = subprocess.run([BINARY, "ingest", "-", "--data", tmp_path / "data"], input="nonsense\n", capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.returncode == 1 and "Nothing was kept before; nothing from line 1 on is" in done.stderr, done.stderr


def test_of_several_files_the_rest_is_named(tmp_path):
    for name, text in (("a", '{"n": 1}\n'), ("b", "nonsense\n"), ("c", '{"n": 3}\n')):
        (tmp_path / f"{name}.ndjson").write_text(text)
    paths = [tmp_path / f"{name}.ndjson" for name in "abc"]
    done = subprocess.run([BINARY, "ingest", *paths, "--data", tmp_path / "data"], capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert done.returncode == 1
    assert "a.ndjson: 1 records" in done.stderr and f"Not begun: {paths[2]}" in done.stderr, done.stderr


class Slow:
    """Between a watcher and its server: says when a request has come, and holds its answer back."""

    def __init__(self, server):
        self.server, self.came, self.go = server, threading.Event(), threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # noqa: N802
                if self.headers.get("Transfer-Encoding"):
                    body = b""
                    while size := int(self.rfile.readline(), 16):
                        body += self.rfile.read(size)
                        self.rfile.readline()
                    self.rfile.readline()
                else:
                    body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                kept = {name: value for name, value in self.headers.items()
                        if name.lower() in ("content-type", "idempotency-key", "content-encoding")}  # fmt: skip
                answer = outer.server.ask("POST", self.path, body, kept)
                outer.came.set()
                outer.go.wait(20)
                self.close_connection = True
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers["content-type"])
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.go.set()
        self.http.shutdown()
        self.http.server_close()


@pytest.mark.parametrize("first", [b'{"n":1}\n', b"{bad\n"])
@pytest.mark.parametrize("how", ["renamed", "rewritten"])
def test_a_file_that_is_replaced_while_it_is_kept(serve, tmp_path, first, how):
    """What has the name by then was not read: it is neither done nor failed, but next."""
    server = serve()
    slow = Slow(server)
    try:
        with Watch(slow, tmp_path / "in") as watched:
            watched.put("a.ndjson", first)
            assert slow.came.wait(20)
            if how == "renamed":
                watched.put("a.ndjson", b'{"n":2}\n')
            else:
                (watched.folder / "a.ndjson").write_bytes(b'{"n":2}\n')
            slow.go.set()
            watched.done("a.ndjson")
            assert (watched.folder / "done/a.ndjson").read_bytes() == b'{"n":2}\n'
            wanted = [1, 2] if first.startswith(b'{"n"') else [2]
            assert sorted(row["n"] for row in sql(server, "SELECT n FROM all_records")) == wanted
    finally:
        slow.close()


def test_two_watchers_of_one_folder(serve, tmp_path):
    server = serve()
    records = ndjson([{"n": number} for number in range(100_000)])
    with Watch(server, tmp_path / "in") as one, Watch(server, tmp_path / "in"):
        for name in ("a", "b", "c"):
            one.put(f"{name}.ndjson", records.replace(b"}", b', "from": "' + name.encode() + b'"}'))
        one.done("a.ndjson", "b.ndjson", "c.ndjson")
        assert list((one.folder / "failed").iterdir()) == []
    assert sql(server, "SELECT count(*) AS n FROM all_records") == [{"n": 300_000}]
