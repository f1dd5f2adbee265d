"""The command line that keeps records: files, pipes as they come, a folder that is watched."""

import http.client
import http.server
import json
import subprocess
import threading

import pyarrow.parquet
import pytest
from serving import BINARY, Server, wait_for
from test_collections import ndjson, sql


def start(*arguments, **options):
    return subprocess.Popen([BINARY, *map(str, arguments)], stderr=subprocess.PIPE, text=True, **options)


def stop(process):
    process.terminate()
    process.wait(20)
    process.stderr.close()


def value_of(server, text):
    """One value, or None where there is no collection yet."""
    answer = server.sql(text, numbers="plain")
    return answer.json()["rows"][0][0] if answer.status == 200 else None


@pytest.mark.parametrize("remote", [True, False])
def test_a_pipe_is_kept_while_it_is_written_to(tmp_path, remote):
    server = Server(tmp_path / "server")
    where = ["--server", server.url] if remote else ["--data", tmp_path / "alone/data"]
    process = start("ingest", "-", *where, stdin=subprocess.PIPE)
    try:
        process.stdin.write('{"n": 1}\n{"n": 2}\n{"n"')
        process.stdin.flush()
        if remote:
            wait_for(lambda: value_of(server, "SELECT max(n) FROM all_records") == 2)
        else:
            wait_for(lambda: list((tmp_path / "alone/data/parquet").glob("commit_*")))
        process.stdin.write(': 3}\n{"n": 4}')
        process.stdin.close()
        assert process.wait(60) == 0
        assert "4 records" in process.stderr.read()
    finally:
        process.stderr.close()
        if not remote:
            server.stop()
            server = Server(tmp_path / "alone")
        assert sql(server, "SELECT count(*) AS c, sum(n)::INT AS s FROM all_records") == [{"c": 4, "s": 10}]
        server.stop()


def test_a_folder_is_watched(serve, tmp_path):
    server = serve()
    folder = tmp_path / "incoming"
    folder.mkdir()
    (folder / ".hidden.ndjson").write_bytes(ndjson([{"n": 100}]))
    (folder / "a.ndjson").write_bytes(ndjson([{"n": 1}, {"n": 2}]))
    (folder / "half.json.part").write_bytes(b'[{"n"')
    process = start("ingest", "--watch", folder, "--server", server.url, "--to", "events", "--settle", "1")
    try:
        wait_for(lambda: (folder / "done/a.ndjson").exists())
        (folder / "b.csv").write_text("n\n3\n")
        (folder / "broken.json").write_text("[{]")
        wait_for(lambda: (folder / "done/b.csv").exists() and (folder / "failed/broken.json").exists())
        # The same file once more, as after a crash before it was moved: it is kept once.
        (folder / "done/a.ndjson").rename(folder / "a.ndjson")
        wait_for(lambda: (folder / "done/a.ndjson").exists())
    finally:
        stop(process)
    assert sql(server, "SELECT n FROM events ORDER BY n") == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert sorted(path.name for path in folder.iterdir()) == [".hidden.ndjson", "done", "failed", "half.json.part"]


def test_files_of_every_format(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([{"n": 1}]))
    (tmp_path / "b.csv").write_text("n\n2\n")
    done = subprocess.run([BINARY, "ingest", tmp_path / "a.json", tmp_path / "b.csv", "--data", tmp_path / "data"],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0 and done.stderr.count("1 records") == 2, done.stderr
    for wrong in ([], [str(tmp_path / "a.json"), "--watch", str(tmp_path)]):
        done = subprocess.run([BINARY, "ingest", *wrong, "--data", tmp_path / "data"], capture_output=True, text=True,
                              check=False)  # fmt: skip
        assert done.returncode == 1 and "--watch" in done.stderr


def test_an_upload_can_be_watched(serve):
    server = serve()
    seen, lines = [], [0]

    def pieces():
        """Goes on until the job tells that some are read."""
        line = json.dumps({"text": "x" * 1000}).encode() + b"\n"
        while not seen or seen[-1]["rows_done"] == 0:
            yield line * 1000
            lines[0] += 1000
            seen.append(server.get("/api/v1/jobs/upload-1").json())

    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request("POST", "/ingest/file?job=upload-1", pieces(), {"Content-Type": "application/x-ndjson"},
                       encode_chunked=True)  # fmt: skip
    answer = connection.getresponse()
    assert answer.status == 200 and json.loads(answer.read())["records_processed"] == lines[0]
    connection.close()
    assert seen[-1]["state"] == "running" and seen[-1]["kind"] == "ingest" and 0 < seen[-1]["rows_done"] <= lines[0]
    done = server.get("/api/v1/jobs/upload-1").json()
    assert (done["state"], done["receipt"]["rows"], done["receipt"]["bytes"]) == ("done", lines[0], done["bytes"])
    # One whose records are refused has failed.
    bad = server.ask("POST", "/ingest/file", b"nonsense", {"Content-Type": "application/x-ndjson"}, job="upload-2")
    assert bad.status == 400 and server.get("/api/v1/jobs/upload-2").json()["state"] == "failed"


def test_a_feed_is_kept(serve, tmp_path):
    served = []

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps([{"n": len(served)}]).encode() if self.path == "/a.json?x=1" else b'{"m": 1}\nbroken\n'
            served.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as source:
        threading.Thread(target=source.serve_forever, daemon=True).start()
        at = f"http://127.0.0.1:{source.server_port}"
        (tmp_path / "feeds.toml").write_text(
            f'[[feed]]\nurl = "{at}/a.json?x=1"\nevery_s = 1\n[[feed]]\nurl = "{at}/b.ndjson"\ncollection = "lines"\n'
            f'every_s = 3600\n[[feed]]\nurl = "http://127.0.0.1:1/none"\n')  # fmt: skip
        server = serve(flags=["--config", tmp_path / "feeds.toml"])
        wait_for(lambda: len(served) >= 4)
        wait_for(lambda: (value_of(server, "SELECT count(*) FROM all_records") or 0) >= 2)
        wait_for(lambda: "127.0.0.1:1/none" in server.tail())
        source.shutdown()
    assert sql(server, "SELECT m FROM lines") == [{"m": 1}]
    assert served.count("/b.ndjson") == 1


@pytest.mark.parametrize("kind", ["user", "transaction", "event", "product", "sensor"])
def test_made_records_as_parquet_are_those_of_ndjson(tmp_path, kind):
    common = ["generate", "--type", kind, "--count", "3000", "--seed", "5"]
    for name in ("a.ndjson", "a.parquet"):
        form = ["--format", "parquet"] if name.endswith("parquet") else []
        done = subprocess.run([BINARY, *common, *form, "--out", tmp_path / name], capture_output=True, text=True,
                              check=False)  # fmt: skip
        assert done.returncode == 0, done.stderr
    rows = pyarrow.parquet.read_table(tmp_path / "a.parquet")
    lines = [json.loads(line) for line in (tmp_path / "a.ndjson").read_text().splitlines()]
    assert rows.num_rows == len(lines) == 3000 and set(rows.column_names) == {key for line in lines for key in line}
    assert rows.column("id").to_pylist() == [line["id"] for line in lines]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ndjson", "a.parquet"]
