"""Jobs: exports that are watched while they run, fetched when they are done, and never offered half.

File jobs (`Prefer: respond-async`) and streams (`?job=`), in every format; events, receipts, ranges, cancel, budgets.
"""

import hashlib
import http.client
import json
import os
import pathlib
import signal
import socket
import threading
import time

import pytest
from canonical import expected
from readers import FORMATS, READERS
from serving import FLIGHTS, PATIENCE, Server, parse_answers, receive, wait_for

ASYNC = {"Prefer": "respond-async"}
EXPORT = "/api/v1/datasets/flights/export"
ENDLESS = "SELECT i, repeat('x', 200) AS t FROM range(2000000000) r(i)"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def start(server, headers=ASYNC, body=None, path=EXPORT, **parameters):
    """The document of a job that must be accepted."""
    answer = server.ask("POST", path, body, headers, **parameters)
    assert answer.status == 202, answer.body
    job = answer.json()
    assert answer.headers["location"] == f"/api/v1/jobs/{job['id']}"
    assert answer.headers["preference-applied"] == "respond-async"
    return job


def look(server, job_id):
    return server.get(f"/api/v1/jobs/{job_id}").json()


def ended(server, job_id, seconds=30):
    """The document of the job once it has ended."""
    return wait_for(lambda: (job := look(server, job_id))["state"] not in ("queued", "running") and job, seconds)


def endless(server, **parameters):
    """A file job that runs until somebody stops it, once it has written something."""
    job = start(server, body={"sql": ENDLESS, "format": "csv"}, path="/api/v1/query", **parameters)
    wait_for(lambda: look(server, job["id"])["bytes"] > 0)
    return job["id"]


def files_of(server):
    return sorted(path.name for path in (server.folder / "data/jobs").iterdir())


def idle(server):
    return all(worker["state"] == "idle" for worker in server.workers().values())


def events_of(data):
    """[(id, event, document)] of server-sent events; comments and retry are left out."""
    out = []
    for block in data.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        if "data" in fields:
            out.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return out


@pytest.fixture(scope="module")
def server(serve_module):
    return serve_module(f"flights={FLIGHTS}")


@pytest.mark.parametrize("format_", FORMATS)
def test_a_file_job_in_every_format(server, oracle, format_):
    """The same selection as file and as stream: the same rows, and a receipt that is true of the file."""
    selection = {"filter": {"origin": "SFO"}, "columns": "date,delay,origin", "limit": "5000"}
    job = start(server, format=format_, filename="late", **selection)
    assert job["state"] in ("queued", "running") and job["file"] is None and job["delivery"] == "file"
    done = ended(server, job["id"])
    assert done["state"] == "done" and done["error"] is None, done
    answer = server.get(done["file"]["href"])
    assert answer.status == 200
    assert done["receipt"] == {"rows": 5000, "bytes": len(answer.body), "sha256": sha256(answer.body)}
    assert done["file"]["filename"].startswith("late.") and done["file"]["bytes"] == len(answer.body)
    assert answer.headers["etag"] == f'"{sha256(answer.body)}"' and answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-disposition"] == f'attachment; filename="{done["file"]["filename"]}"'
    streamed = server.get(EXPORT, format=format_, **selection)
    assert answer.headers["content-type"] == streamed.headers["content-type"]
    rows = "SELECT date, delay, origin FROM flights WHERE origin = 'SFO' LIMIT 5000"
    kinds, columns = expected(oracle, rows)
    assert READERS[format_](answer.body, kinds) == columns
    assert (done["rows_done"], done["rows_total"], done["share"], done["eta_s"]) == (5000, 5000, 1, None)


@pytest.mark.parametrize("format_", FORMATS)
def test_a_stream_is_watched(server, format_):
    token = f"watched-{format_}"
    answer = server.get(EXPORT, {"Accept-Encoding": "gzip, zstd"}, format=format_, job=token, limit="30000")
    assert answer.status == 200 and "content-encoding" not in answer.headers
    done = ended(server, token)
    assert done["state"] == "done" and done["delivery"] == "stream" and done["file"] is None
    assert done["receipt"] == {"rows": 30000, "bytes": len(answer.body), "sha256": sha256(answer.body)}
    assert server.get(f"/api/v1/jobs/{token}/file").code == "JobConflict"


def test_the_whole_of_flights(server):
    """Three million rows: the total is known from the start, and the file is the stream's."""
    job = start(server, format="csv")
    assert job["rows_total"] == 3_000_000
    done = ended(server, job["id"])
    assert done["receipt"]["rows"] == 3_000_000 and done["rows_per_second"] > 0
    streamed = server.get(EXPORT, format="csv")
    assert done["receipt"]["sha256"] == sha256(streamed.body)


def test_statements(server):
    job = start(server, body={"sql": "SELECT 1 AS a UNION ALL SELECT 2", "format": "csv", "filename": "ones"},
                path="/api/v1/query")  # fmt: skip
    done = ended(server, job["id"])
    assert server.get(done["file"]["href"]).body in (b"a\n1\n2\n", b"a\n2\n1\n")
    assert (done["kind"], done["file"]["filename"], done["receipt"]["rows"]) == ("sql", "ones.csv", 2)
    answer = server.ask("POST", "/api/v1/query", {"sql": "SELECT 7 AS a", "format": "csv"}, job="statement-7")
    assert answer.body == b"a\n7\n" and ended(server, "statement-7")["receipt"]["sha256"] == sha256(answer.body)


def test_post_without_prefer_streams(server):
    wanted = {"columns": ["delay", "origin"], "filter": {"origin": "SFO"}, "sort": "-delay", "limit": 3,
              "format": "csv", "filename": "top"}  # fmt: skip
    answer = server.ask("POST", EXPORT, wanted)
    assert answer.status == 200 and answer.headers["content-disposition"] == 'attachment; filename="top.csv"'
    same = server.get(EXPORT, columns="delay,origin", filter={"origin": "SFO"}, sort="-delay", limit="3", format="csv")
    assert answer.body == same.body and len(answer.body.splitlines()) == 4
    assert server.ask("POST", EXPORT, None, None, format="csv", limit="1").status == 200
    for body, parameters in [({"limit": 1}, {"limit": "2"}), ({"nosuch": 1}, {}), ({"columns": [1]}, {}),
                             ({"limit": True}, {}), ({"filter": [1]}, {}), (b"[]", {}), (b"{", {})]:  # fmt: skip
        answer = server.ask("POST", EXPORT, body, None, **parameters)
        assert (answer.status, answer.code) == (400, "InvalidData"), body


def test_what_is_wrong_is_said_at_once(server):
    for path, body, parameters, code in [
        ("/api/v1/datasets/nosuch/export", None, {}, "DatasetNotFound"),
        (EXPORT, None, {"format": "xml"}, "InvalidData"),
        (EXPORT, None, {"columns": "nosuch"}, "InvalidData"), (EXPORT, None, {"compression": "rar"}, "InvalidData"),
        ("/api/v1/query", {"sql": ""}, {}, "QueryInvalid"), ("/api/v1/query", {"sql": "SELECT 1", "filename": 1}, {},
                                                             "InvalidData"),
    ]:  # fmt: skip
        assert server.ask("POST", path, body, ASYNC, **parameters).code == code, (path, body, parameters)


def test_a_job_that_fails(server):
    sql = "SELECT CASE WHEN i = 4900000 THEN CAST('x' || i AS BIGINT) ELSE i END AS j FROM range(5000000) t(i)"
    job = start(server, body={"sql": sql, "format": "csv"}, path="/api/v1/query")
    before = len(files_of(server))
    done = ended(server, job["id"])
    assert (done["state"], done["error"]["code"]) == ("failed", "QueryInvalid")
    assert done["receipt"] is None and done["file"] is None
    answer = server.get(f"/api/v1/jobs/{job['id']}/file")
    assert (answer.status, answer.code) == (400, "QueryInvalid")
    assert len(files_of(server)) <= before and not [name for name in files_of(server) if name.endswith(".part")]
    wait_for(lambda: idle(server), seconds=1)


@pytest.mark.parametrize("token", ["short", "x" * 65, "../../../etc/passwd", "a/b/c/d/e/f", "with space", "null\0byte",
                                   "ünïcödé-token", "%2e%2e%2f%2e%2e", "<script>alert(1)", "",
                                   "tab\there-token"])  # fmt: skip
def test_hostile_tokens(server, token):
    before = server.get("/api/v1/jobs").json()["jobs"]
    for answer in [server.get(EXPORT, job=token, limit="1"), server.ask("POST", EXPORT, None, ASYNC, job=token or "?")]:
        assert (answer.status, answer.code) == (400, "InvalidData"), answer.body
    quoted = "".join(f"%{byte:02X}" for byte in token.encode()) or "%00"
    for method, path in [("GET", ""), ("GET", "/events"), ("GET", "/file"), ("DELETE", "")]:
        answer = server.ask(method, f"/api/v1/jobs/{quoted}{path}")
        assert (answer.status, answer.code) == (404, "JobNotFound" if "/" not in token else answer.code)
    assert server.get("/api/v1/jobs").json()["jobs"] == before


def test_a_token_is_taken_once(server):
    job_id = endless(server, job="taken-token")
    assert job_id == "taken-token"
    for answer in [server.get(EXPORT, job=job_id, limit="1"), server.ask("POST", EXPORT, None, ASYNC, job=job_id)]:
        assert (answer.status, answer.code) == (409, "JobConflict")
    assert server.ask("DELETE", f"/api/v1/jobs/{job_id}").status == 204
    assert ended(server, job_id)["state"] == "cancelled"
    # A stream that ended gives its token back: browsers repeat downloads.
    for limit in ("1", "2"):
        assert server.get(EXPORT, job="again-and-again", limit=limit, format="csv").status == 200
        assert ended(server, "again-and-again")["receipt"]["rows"] == int(limit)


def test_events(server):
    job_id = endless(server)
    with socket.create_connection(("127.0.0.1", server.port), 10) as client:
        client.sendall(b"GET /api/v1/jobs/%s/events HTTP/1.1\r\nHost: localhost\r\n\r\n" % job_id.encode())
        head = receive(client, 10, b"event: progress")
        began, count = time.monotonic(), 0
        while time.monotonic() - began < 1.5:
            client.settimeout(2 * PATIENCE)
            count += client.recv(1 << 16).count(b"event: progress")
        assert 4 / PATIENCE <= count <= 9, "one in 200 ms"
        assert server.ask("DELETE", f"/api/v1/jobs/{job_id}").status == 204
        rest = receive(client, 3, b"\r\n0\r\n\r\n")
    assert b"Content-Type: text/event-stream" in head and b"retry: " in head
    assert b"event: end" in rest and rest.endswith(b"0\r\n\r\n"), "the events end in order"

    job = start(server, format="xlsx", compression="best")  # seconds of work: some of it is seen
    seen = events_of(server.get(f"/api/v1/jobs/{job['id']}/events").body)
    assert [event for _, event, _ in seen] == ["progress"] * (len(seen) - 1) + ["end"] and len(seen) > 2
    rows = [document["rows_done"] for _, _, document in seen]
    assert rows == sorted(rows) and rows[-1] == 3_000_000
    running = [document for _, _, document in seen if document["state"] == "running" and document["share"]]
    assert running and all(d["rows_total"] == 3_000_000 and d["eta_s"] >= 0 and not d["file"] for d in running)
    assert seen[-1][2] == look(server, job["id"]) and seen[-1][2]["receipt"]["rows"] == 3_000_000


def test_reconnects_are_harmless(server):
    job = start(server, limit="10")
    ended(server, job["id"])
    path = f"/api/v1/jobs/{job['id']}/events"
    for headers in ({}, {"Last-Event-ID": "3"}, {"Last-Event-ID": "nonsense"}, {"Last-Event-ID": "9" * 5000}):
        ((number, event, document),) = events_of(server.get(path, headers).body)
        assert (number, event, document["state"]) == ("end", "end", "done")
    answer = server.get(path, {"Last-Event-ID": "end"})
    assert (answer.status, answer.body) == (204, b""), "a browser then asks no more"


def test_ranges_and_tags(server):
    job = start(server, format="parquet", limit="50000", compression="zstd")
    path = ended(server, job["id"])["file"]["href"]
    whole = server.get(path)
    tag, size = whole.headers["etag"], len(whole.body)
    for header, first, last in [
        ("bytes=0-99", 0, 99), (f"bytes={size - 8}-", size - 8, size - 1), ("bytes=-4", size - 4, size - 1),
        ("bytes=5-999999999", 5, size - 1),
    ]:  # fmt: skip
        part = server.get(path, {"Range": header, "If-Range": tag})
        assert part.status == 206 and part.body == whole.body[first : last + 1]
        assert part.headers["content-range"] == f"bytes {first}-{last}/{size}" and part.headers["etag"] == tag
    for headers in ({"Range": "bytes=0-1,4-5"}, {"Range": "items=1"}, {"Range": "bytes=0-9", "If-Range": '"other"'}):
        assert server.get(path, headers).body == whole.body
    beyond = server.get(path, {"Range": f"bytes={size}-"})
    assert (beyond.status, beyond.code) == (416, "RangeNotSatisfiable")
    assert beyond.headers["content-range"] == f"bytes */{size}"
    for value in (tag, f'"x", W/{tag}', "*"):
        same = server.get(path, {"If-None-Match": value})
        assert (same.status, same.body) == (304, b"") and same.headers["etag"] == tag
    head = server.ask("HEAD", path)
    assert (head.status, head.headers["content-length"], head.body) == (200, str(size), b"")
    # Several on one connection, resumed as a download manager does it.
    request = b"GET %s HTTP/1.1\r\nHost: localhost\r\nRange: bytes=%d-%d\r\nConnection: %s\r\n\r\n"
    half = size // 2
    both = [request % (path.encode(), 0, half - 1, b"keep-alive"), request % (path.encode(), half, size, b"close")]
    first, second = parse_answers(server.raw(b"".join(both)))
    assert first.body + second.body == whole.body


def test_delete_forgets(server):
    job = start(server, limit="10", format="csv")
    path = ended(server, job["id"])["file"]["href"]
    assert job["id"] in [entry["id"] for entry in server.get("/api/v1/jobs").json()["jobs"]]
    before = files_of(server)
    assert server.ask("DELETE", f"/api/v1/jobs/{job['id']}").status == 204
    assert server.get(path).code == server.get(f"/api/v1/jobs/{job['id']}").code == "JobNotFound"
    wait_for(lambda: len(files_of(server)) == len(before) - 1, seconds=1)


def test_cancel_frees_everything(server):
    for _ in range(3):
        job_id = endless(server)
        assert server.ask("DELETE", f"/api/v1/jobs/{job_id}").status == 204
        done = ended(server, job_id, seconds=1)
        assert (done["state"], done["error"]["code"]) == ("cancelled", "Cancelled")
        assert done["receipt"] is None and done["file"] is None
        wait_for(lambda: idle(server) and not server.get("/api/v1/queries").json()["queries"], seconds=1)
        assert not [name for name in files_of(server) if name.endswith(".part")]
        assert server.get(f"/api/v1/jobs/{job_id}/file").code == "JobConflict"


def test_cancel_of_the_query_cancels_the_job(server):
    job_id = endless(server)
    (query,) = [q for q in server.get("/api/v1/queries").json()["queries"] if q["job"] == job_id]
    assert server.ask("DELETE", f"/api/v1/queries/{query['id']}").status == 204
    assert ended(server, job_id, seconds=1)["state"] == "cancelled"


def stream(server, token, sql=ENDLESS):
    """A connection on which a watched answer has begun and is not read any further."""
    body = json.dumps({"sql": sql, "format": "csv"}).encode()
    client = socket.create_connection(("127.0.0.1", server.port), 20)
    client.sendall(b"POST /api/v1/query?job=%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" %
                   (token.encode(), len(body)) + body)  # fmt: skip
    assert b" 200 " in receive(client, 20, b"\r\n\r\n")
    wait_for(lambda: look(server, token)["state"] == "running")
    return client


def test_a_client_that_hangs_up_cancels_its_stream(server):
    stream(server, "hang-up-token").close()
    assert ended(server, "hang-up-token", seconds=1)["state"] == "cancelled"
    wait_for(lambda: idle(server), seconds=1)


def test_cancel_cuts_a_stream_whose_client_does_not_read(server):
    with stream(server, "stalled-token") as client:
        assert server.ask("DELETE", "/api/v1/jobs/stalled-token").status == 204
        assert ended(server, "stalled-token", seconds=1)["state"] == "cancelled"
        wait_for(lambda: idle(server), seconds=1)
        assert not receive(client, 10).endswith(b"0\r\n\r\n"), "half an answer must not look whole"


def test_a_worker_that_dies_fails_the_job(server):
    job_id = endless(server)
    (query,) = [q for q in server.get("/api/v1/queries").json()["queries"] if q["job"] == job_id]
    os.kill(server.workers()[query["worker"]]["pid"], signal.SIGKILL)
    done = ended(server, job_id, seconds=1)
    assert (done["state"], done["error"]["code"], done["file"]) == ("failed", "DataProcessing", None)
    assert not [name for name in files_of(server) if name.endswith(".part")]


def test_cancel_at_random_moments(server):
    """Whenever it comes: done with a true receipt, or cancelled without a file."""
    states = []
    for attempt in range(24):
        job = start(server, format="csv", limit="400000")
        time.sleep(attempt * 0.012)
        assert server.ask("DELETE", f"/api/v1/jobs/{job['id']}").status == 204
        answer = server.get(f"/api/v1/jobs/{job['id']}")
        if answer.status == 404:  # it was done, and is forgotten
            states.append("forgotten")
            continue
        done = ended(server, job["id"], seconds=1)
        states.append(done["state"])
        file = server.get(f"/api/v1/jobs/{job['id']}/file")
        assert (file.status == 200) == (done["state"] == "done") == (done["file"] is not None), done
    assert "cancelled" in states
    wait_for(lambda: not [name for name in files_of(server) if name.endswith(".part")], seconds=1)


def test_jobs_wait_for_their_turn(serve):
    """They leave workers to everybody else, and whoever waits can be cancelled."""
    server = serve(f"flights={FLIGHTS}", flags=["--workers", "3"])
    first = endless(server)
    others = [start(server, format="csv", limit="100")["id"] for _ in range(5)]
    assert {look(server, job)["state"] for job in others} == {"queued"}
    assert server.value("SELECT count(*) FROM flights") == 3_000_000, "a place is left"
    assert server.ask("DELETE", f"/api/v1/jobs/{others[0]}").status == 204
    assert ended(server, others[0], seconds=1)["state"] == "cancelled"
    server.ask("DELETE", f"/api/v1/jobs/{first}")
    assert [ended(server, job)["state"] for job in others[1:]] == ["done"] * 4
    times = [look(server, job)["ended"] for job in others[1:]]
    assert times == sorted(times)


def test_the_budget_evicts_the_longest_unused(serve):
    server = serve(f"flights={FLIGHTS}", flags=["--job-files", "2500KB"])
    rows = {"format": "csv", "limit": "30000"}  # about 0.9 MB
    a, b = (ended(server, start(server, **rows)["id"]) for _ in range(2))
    assert 700_000 < a["receipt"]["bytes"] < 1_200_000
    assert server.get(a["file"]["href"]).status == 200  # used last
    c = ended(server, start(server, **rows)["id"])
    assert [server.get(job["file"]["href"]).status for job in (a, b, c)] == [200, 404, 200]
    kept = look(server, b["id"])
    assert (kept["state"], kept["file"], kept["receipt"]) == ("done", None, b["receipt"]), "the receipt stays"
    wait_for(lambda: len(files_of(server)) == 2)
    # A file that alone passes the budget fails with its own error, and nothing of it is left.
    large = ended(server, start(server, format="csv")["id"])
    assert (large["state"], large["error"]["code"]) == ("failed", "StorageLimit")
    answer = server.get(f"/api/v1/jobs/{large['id']}/file")
    assert (answer.status, answer.code) == (507, "StorageLimit")
    wait_for(lambda: not [name for name in files_of(server) if name.endswith(".part")])
    assert ended(server, start(server, **rows)["id"])["state"] == "done", "the budget is given back"


def test_without_budget_jobs_are_refused(serve):
    server = serve(f"flights={FLIGHTS}", flags=["--job-files", "0"])
    for path, body in ((EXPORT, None), ("/api/v1/query", {"sql": "SELECT 1"})):
        answer = server.ask("POST", path, body, ASYNC)
        assert (answer.status, answer.code) == (507, "StorageLimit") and "job_files" in answer.json()["detail"]
    assert server.get(EXPORT, job="streams-work", limit="1").status == 200


def test_files_are_kept_for_a_while(serve):
    server = serve(f"flights={FLIGHTS}", flags=["--job-files-age-s", "1"])
    job = start(server, limit="10")
    wait_for(lambda: server.get(f"/api/v1/jobs/{job['id']}").status == 404, seconds=10)
    wait_for(lambda: files_of(server) == [], seconds=3)


def lives(pid):
    """Whether a process is there and more than an entry that nobody has waited for."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_killed_server_offers_nothing(tmp_path):
    folder = tmp_path / "server"
    with Server(folder, [f"flights={FLIGHTS}"]) as server:
        job = ended(server, start(server, limit="10")["id"])
        running = endless(server)
        workers = [worker["pid"] for worker in server.workers().values()]
        assert len(files_of(server)) == 2
        server.process.kill()
        server.process.wait(5)
        wait_for(lambda: not any(lives(pid) for pid in workers), seconds=1)
        # The half file has the name of one.
        assert len([name for name in files_of(server) if name.endswith(".part")]) == 1
        Server.running.remove(server)
    with Server(folder, [f"flights={FLIGHTS}"]) as server:
        assert files_of(server) == [] and server.get("/api/v1/jobs").json() == {"jobs": []}
        for job_id in (job["id"], running):
            assert server.get(f"/api/v1/jobs/{job_id}/file").code == "JobNotFound"


def test_stopping_the_server_ends_its_jobs(tmp_path):
    with Server(tmp_path / "server", [f"flights={FLIGHTS}"]) as server:
        endless(server)
        began = time.monotonic()
        assert server.stop() == 0 and time.monotonic() - began < 3 * PATIENCE
        assert not [name for name in files_of(server) if name.endswith(".part")]


def test_a_crowd_of_watchers(server):
    """Many watch one job, most of them leave; nobody is missed, nothing stays."""
    job_id = endless(server)
    outcome = []

    def watch():
        try:
            outcome.append(events_of(server.get(f"/api/v1/jobs/{job_id}/events").body)[-1][1])
        except (http.client.HTTPException, OSError) as error:
            outcome.append(error)

    threads = [threading.Thread(target=watch) for _ in range(10)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port), 10) as client:
            client.sendall(b"GET /api/v1/jobs/%s/events HTTP/1.1\r\nHost: localhost\r\n\r\n" % job_id.encode())
            receive(client, 10, b"event: progress")
    server.ask("DELETE", f"/api/v1/jobs/{job_id}")
    for thread in threads:
        thread.join(5 * PATIENCE)
    assert outcome == ["end"] * 10
