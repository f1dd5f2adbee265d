"""Feeds: addresses that a server asks on a schedule. What they gave is remembered, whatever they do is told, and none
stops another."""

import base64
import gzip
import http.server
import json
import threading
import time
import zlib

import pytest
from serving import Server, wait_for
from test_collections import ndjson, sql
from test_ingest_cli import value_of


class Source:
    """An HTTP server whose answers are functions by path; it notes every request."""

    def __init__(self, **answers):
        self.answers = {"/" + name: answer for name, answer in answers.items()}
        self.asked = []
        source = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                source.asked.append((self.path, dict(self.headers)))
                source.answers[self.path.split("?")[0]](self)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.at = f"http://127.0.0.1:{self.http.server_port}"

    def times(self, path):
        return sum(asked.split("?")[0] == path for asked, _ in self.asked)

    def polls(self, path, more=2):
        """Waits until it was asked so many times more."""
        before = self.times(path)
        wait_for(lambda: self.times(path) >= before + more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()


def give(handler, body, status=200, **headers):
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def gives(body, **headers):
    return lambda handler: give(handler, body, **headers)


def feeds(path, *entries):
    """A file of settings with these [[feed]] entries."""
    lines = []
    for entry in entries:
        lines.append("[[feed]]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in {"every_s": 1, **entry}.items()]
    path.write_text("\n".join(lines) + "\n")
    return ["--config", path]


def status_of(server, at=0):
    return server.get("/health").json()["feeds"][at]


RECORDS = ndjson([{"n": 1}, {"n": 2}])


def test_the_same_answer_is_kept_once(tmp_path):
    """By its validators, by its bytes where it has none, and after a restart."""

    def validated(handler):
        tag, date = '"v1"', "Mon, 20 Oct 2025 10:00:00 GMT"
        if handler.headers.get("If-None-Match") == tag and handler.headers.get("If-Modified-Since") == date:
            return give(handler, b"", 304)
        return give(handler, RECORDS, ETag=tag, Last_Modified=date)

    with Source(tagged=validated, plain=gives(RECORDS)) as source:
        flags = feeds(tmp_path / "f.toml", {"url": f"{source.at}/tagged#part", "format": "ndjson", "collection": "a"},
                      {"url": f"{source.at}/plain", "format": "ndjson", "collection": "b"})  # fmt: skip
        for _ in range(2):
            with Server(tmp_path / "server", flags=flags) as server:
                source.polls("/tagged", 3)
                source.polls("/plain", 3)
                wait_for(lambda: status_of(server)["state"] == "ok")
                for name in "ab":
                    wait_for(lambda name=name: value_of(server, f"SELECT count(*) FROM {name}") is not None)
                    assert value_of(server, f"SELECT count(*) FROM {name}") == 2
        assert all("#" not in path for path, _ in source.asked)
        told = [headers for path, headers in source.asked if path == "/tagged"]
        assert "If-None-Match" not in told[0] and all(headers.get("If-None-Match") == '"v1"' for headers in told[1:])


def test_an_answer_that_comes_back_is_a_new_one(serve, tmp_path):
    """A, B, A, B are four answers; B, B is one."""
    answers = [ndjson([{"n": n}]) for n in (1, 2, 1, 2, 2, 2, 2)]
    with Source(x=lambda handler: give(handler, answers.pop(0) if len(answers) > 1 else answers[0])) as source:
        server = serve(flags=feeds(tmp_path / "f.toml", {"url": source.at + "/x"}))
        wait_for(lambda: source.times("/x") > 8)
    assert sql(server, "SELECT count(*) AS c, sum(n)::INT AS s FROM all_records") == [{"c": 4, "s": 6}]


def test_a_crash_between_keeping_and_noting_keeps_nothing_twice(tmp_path):
    with Source(x=gives(RECORDS)) as source:
        flags = feeds(tmp_path / "f.toml", {"url": source.at + "/x", "format": "ndjson"})
        with Server(tmp_path / "server", flags=flags) as server:
            source.polls("/x", 2)
            wait_for(lambda: list((tmp_path / "server/data/feeds").glob("*.json")))
        for path in (tmp_path / "server/data/feeds").glob("*.json"):
            path.unlink()
        with Server(tmp_path / "server", flags=flags) as server:
            source.polls("/x", 2)
            assert value_of(server, "SELECT count(*) FROM all_records") == 2


def test_what_a_feed_gave_is_not_guessed(tmp_path):
    """A file that cannot be read is none that is not there."""
    with Source(x=gives(RECORDS)) as source:
        flags = feeds(tmp_path / "f.toml", {"url": source.at + "/x", "format": "ndjson"})
        with Server(tmp_path / "server", flags=flags) as server:
            wait_for(lambda: list((tmp_path / "server/data/feeds").glob("*.json")))
        path = next((tmp_path / "server/data/feeds").glob("*.json"))
        path.write_text("{")
        with Server(tmp_path / "server", flags=flags) as server:
            wait_for(lambda: str(path) in (status_of(server)["error"] or ""))
            assert value_of(server, "SELECT count(*) FROM all_records") == 2


@pytest.mark.parametrize("on_conflict", [None, "ignore", "update", "reject", "refuse"])
def test_a_feed_that_grows_into_keys(serve, tmp_path, on_conflict):
    records = [{"k": 0, "poll": 0}]

    def grows(handler):
        give(handler, ndjson([{**record, "poll": len(records)} for record in records]))
        records.append({"k": len(records)})

    with Source(**{"k.ndjson": grows}) as source:
        entry = {"url": source.at + "/k.ndjson", "collection": "keyed", "every_s": 1}
        if on_conflict:
            entry["on_conflict"] = on_conflict
        server = serve(flags=feeds(tmp_path / "f.toml", entry))
        schema = {"name": "keyed", "primary_key": ["k"], "fields": [{"name": "k", "type": "integer"}]}
        created = server.ask("POST", "/api/v1/schemas", schema)
        wait_for(lambda: len(records) > 4)
        if created.status != 201:  # the first answer was there before
            assert server.ask("POST", "/api/v1/schemas", schema).status == 201
        wait_for(lambda: len(records) > 7)
        if on_conflict in ("reject", "refuse"):
            wait_for(lambda: status_of(server)["state"] == "failing")
            assert "key" in status_of(server)["error"]
            return
        wait_for(lambda: (value_of(server, "SELECT count(*) FROM keyed") or 0) > 5)
        rows = sql(server, "SELECT k, poll FROM keyed ORDER BY k")
    assert [row["k"] for row in rows] == list(range(len(rows)))
    assert status_of(server)["failures"] == 0
    if on_conflict == "update":
        assert len({row["poll"] for row in rows}) == 1


def test_a_bad_record_is_put_aside_once(serve, tmp_path):
    with Source(x=gives(b'{"m": 1}\nbroken\n')) as source:
        server = serve(flags=feeds(tmp_path / "f.toml", {"url": source.at + "/x", "format": "ndjson"}))
        source.polls("/x", 4)
        assert len(list((server.folder / "data/quarantine").iterdir())) == 1
    assert (status_of(server)["records"], status_of(server)["quarantined"]) == (1, 1)
    assert server.tail().count("records quarantined") == 1 and "warning" in server.tail()


def texts_put_aside(folder):
    try:
        return [json.loads(line)["text"] for path in sorted(folder.iterdir()) for line in path.open()]
    except FileNotFoundError:  # gone since it was listed
        return None


def test_a_bad_record_among_new_ones_is_put_aside_once(serve, tmp_path):
    """The answer grows, and its bad lines stay in it."""
    lines = ['{"k": 0}', "broken", '{"k": 1}', "broken, too"]

    def grows(handler):
        lines.append(json.dumps({"k": len(lines)}) if len(lines) != 6 else "a new one")
        give(handler, ("\n".join(lines) + "\n").encode())

    with Source(x=grows) as source:
        flags = feeds(tmp_path / "f.toml", {"url": source.at + "/x", "format": "ndjson", "collection": "keyed"})
        server = serve(flags=flags)
        source.polls("/x", 6)
        folder = server.folder / "data/collections/keyed/quarantine"
        wait_for(lambda: status_of(server)["quarantined"] == 3)
        source.polls("/x", 2)
        # A poll that goes on puts the known ones aside again, until it has seen that they are known.
        wait_for(lambda: texts_put_aside(folder) == ["broken", "broken, too", "a new one"])
    assert status_of(server)["quarantined"] == 3 and server.tail(400).count("records quarantined") == 2


def test_a_feed_that_hangs_stops_no_other(serve, tmp_path):
    ended = threading.Event()

    def never(handler):
        ended.wait(60)

    def header_alone(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b'{"n"')
        ended.wait(60)

    def drips(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        while not ended.wait(0.2):
            handler.wfile.write(b" ")

    count = [0]

    def fine(handler):
        count[0] += 1
        give(handler, ndjson([{"n": count[0]}]))

    with Source(never=never, header=header_alone, drips=drips, fine=fine) as source:
        entries = [{"url": f"{source.at}/{name}", "timeout_s": 2} for name in ("never", "header", "drips", "fine")]
        server = serve(flags=feeds(tmp_path / "f.toml", *entries))
        wait_for(lambda: (value_of(server, "SELECT count(*) FROM all_records") or 0) >= 3)
        for at in range(3):
            wait_for(lambda at=at: status_of(server, at)["state"] == "failing")
            assert "in time" in status_of(server, at)["error"]
        health = server.get("/health")
        assert (health.status, health.json()["status"]) == (200, "degraded")
        assert status_of(server, 3)["state"] == "ok" and status_of(server, 3)["next"]
        # Each is asked again, and the end of the server waits for none.
        source.polls("/never", 1)
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 10
        ended.set()


def packed(how):
    if how == "gzip":
        return gzip.compress(RECORDS)
    if how == "deflate":
        return zlib.compress(RECORDS)
    if how == "raw":
        packer = zlib.compressobj(wbits=-15)
        return packer.compress(RECORDS) + packer.flush()
    import pyarrow as pa

    return pa.compress(RECORDS, codec="zstd", asbytes=True)


@pytest.mark.parametrize(("path", "how", "headers"), [
    ("a.ndjson", "gzip", {"Content_Encoding": "gzip"}), ("a.ndjson", "gzip", {"Content_Encoding": "x-gzip"}),
    ("a.ndjson", "deflate", {"Content_Encoding": "deflate"}), ("a.ndjson", "raw", {"Content_Encoding": "deflate"}),
    ("a.ndjson", "zstd", {"Content_Encoding": "zstd"}), ("x.ndjson.gz", "gzip", {}),
    ("x.ndjson.gz", "gzip", {"Content_Type": "application/gzip"}), ("x.ndjson.zst", "zstd", {}),
    ("x.ndjson.gz", "gzip", {"Content_Encoding": "gzip", "Content_Type": "application/x-ndjson"}),
])  # fmt: skip
def test_compressed_answers(serve, tmp_path, path, how, headers):
    with Source(**{path: gives(packed(how), **headers)}) as source:
        server = serve(flags=feeds(tmp_path / "f.toml", {"url": f"{source.at}/{path}"}))
        wait_for(lambda: value_of(server, "SELECT count(*) FROM all_records") == 2)
        assert "gzip" in source.asked[0][1]["Accept-Encoding"]
    assert sql(server, "SELECT n FROM all_records ORDER BY n") == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize(("body", "headers", "what"), [
    (gzip.compress(bytes(200 << 20)), {"Content_Encoding": "gzip"}, "expands too much"),
    (gzip.compress(RECORDS)[:-4], {"Content_Encoding": "gzip"}, "gzip"),
    (b"plain", {"Content_Encoding": "gzip"}, "gzip"),
    (b"x", {"Content_Encoding": "br"}, "br"), (b"<html>", {"Content_Type": "text/html"}, "text/html"),
    (b" " * (65 << 20), {}, "too large"),
], ids=["bomb", "cut off", "not packed", "unknown encoding", "html", "long"])  # fmt: skip
def test_answers_that_are_not_taken(serve, tmp_path, body, headers, what):
    with Source(x=gives(body, **headers)) as source:
        server = serve(flags=feeds(tmp_path / "f.toml", {"url": source.at + "/x"}))
        wait_for(lambda: what in (status_of(server)["error"] or ""), 60)
        source.polls("/x", 2)
        assert server.tail(400).count("feed http") == 1, "a failure that goes on is told once"
    assert value_of(server, "SELECT count(*) FROM all_records") is None
    assert not (server.folder / "data/quarantine").exists()


@pytest.mark.parametrize(("path", "type_", "setting"), [
    ("x", "text/csv", None), ("x", "text/csv; charset=utf-8; header=present", None), ("x.json", "text/csv", None),
    ("x.csv", "application/octet-stream", None), ("x.csv", None, None), ("x", "text/html", "csv"),
    ("x", "text/plain", "csv"),
])  # fmt: skip
def test_the_media_type_says_the_format(serve, tmp_path, path, type_, setting):
    headers = {"Content_Type": type_} if type_ else {}
    with Source(**{path: gives(b"n,s\n1,a\n2,b\n", **headers)}) as source:
        entry = {"url": f"{source.at}/{path}", **({"format": setting} if setting else {})}
        server = serve(flags=feeds(tmp_path / "f.toml", entry))
        wait_for(lambda: value_of(server, "SELECT count(*) FROM all_records") == 2)
    assert sql(server, "SELECT n::INT AS n, s FROM all_records ORDER BY s") == [{"n": 1, "s": "a"}, {"n": 2, "s": "b"}]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(serve, tmp_path, status):
    answers = {"a/x": gives(RECORDS), "a/b": lambda h: give(h, b"", status, Location="x?y=1"),
               "a/c": lambda h: give(h, b"", status, Location="//" + h.headers["Host"] + "/a/b")}  # fmt: skip
    with Source(**answers) as source:
        server = serve(flags=feeds(tmp_path / "f.toml", {"url": source.at + "/a/c", "format": "ndjson"}))
        wait_for(lambda: value_of(server, "SELECT count(*) FROM all_records") == 2)
    assert [path for path, _ in source.asked][:3] == ["/a/c", "/a/b", "/a/x?y=1"]


@pytest.mark.parametrize(("location", "what"), [
    ("/x", "redirects"), ("https://127.0.0.1/x", "https"), ("ftp://127.0.0.1/", "http://"), (None, "302"),
])  # fmt: skip
def test_redirects_that_are_not(serve, tmp_path, location, what):
    with Source(x=lambda h: give(h, b"", 302, **({"Location": location} if location else {}))) as source:
        server = serve(flags=feeds(tmp_path / "f.toml", {"url": source.at + "/x"}))
        wait_for(lambda: what in (status_of(server)["error"] or ""))
        assert source.times("/x") <= 8 * status_of(server)["failures"] + 8


def test_credentials_stay_with_their_host(serve, tmp_path):
    with Source(x=gives(RECORDS)) as other:
        with Source(x=lambda h: give(h, b"", 302, Location=other.at + "/x")) as source:
            url = source.at.replace("//", "//ann:p%40ss@") + "/x?key=topsecret"
            server = serve(flags=feeds(tmp_path / "f.toml", {"url": url, "format": "ndjson"}))
            wait_for(lambda: value_of(server, "SELECT count(*) FROM all_records") == 2)
            expected = "Basic " + base64.b64encode(b"ann:p@ss").decode()
            assert all(headers["Authorization"] == expected for _, headers in source.asked)
            assert other.asked and not [headers for _, headers in other.asked if "Authorization" in headers]
        assert "topsecret" not in json.dumps(server.get("/health").json()) + server.tail()
        assert "p@ss" not in server.tail() and "p%40ss" not in server.tail()


def test_a_feed_that_recovers(serve, tmp_path):
    down = [True]
    with Source(x=lambda h: give(h, b"no", 500) if down[0] else give(h, RECORDS)) as source:
        server = serve(flags=feeds(tmp_path / "f.toml", {"url": source.at + "/x", "format": "ndjson"}))
        wait_for(lambda: status_of(server)["failures"] >= 2)
        health = server.get("/health").json()
        assert health["status"] == "degraded" and "500" in health["feeds"][0]["error"]
        assert health["feeds"][0]["last_success"] is None
        down[0] = False
        wait_for(lambda: status_of(server)["state"] == "ok")
        health = server.get("/health").json()
        assert (health["status"], health["feeds"][0]["error"]) == ("ok", None) and health["feeds"][0]["last_success"]
    assert value_of(server, "SELECT count(*) FROM all_records") == 2


def test_validators_are_of_one_address(serve, tmp_path):
    """A redirect leads to another address later, which has the same tag for something else."""
    where = ["a"]

    def tagged(body):
        def answer(handler):
            if handler.headers.get("If-None-Match") == '"1"':
                return give(handler, b"", 304)
            return give(handler, body, ETag='"1"')

        return answer

    with Source(latest=lambda h: give(h, b"", 302, Location="/" + where[0]), a=tagged(ndjson([{"n": 1}])),
                b=tagged(ndjson([{"n": 2}]))) as source:  # fmt: skip
        server = serve(flags=feeds(tmp_path / "f.toml", {"url": source.at + "/latest", "format": "ndjson"}))
        source.polls("/a", 3)
        assert value_of(server, "SELECT count(*) FROM all_records") == 1
        where[0] = "b"
        wait_for(lambda: value_of(server, "SELECT count(*) FROM all_records") == 2)
        source.polls("/b", 3)
        assert value_of(server, "SELECT count(*) FROM all_records") == 2
        told = [headers.get("If-None-Match") for path, headers in source.asked if path == "/b"]
        assert told[0] is None and told[-1] == '"1"'
