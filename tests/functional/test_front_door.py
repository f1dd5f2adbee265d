"""Who comes in, and who keeps whom out: idle connections, slow uploads, unread exports, half-closed clients, workers
that stand still; and what answers, names and logs do not carry."""

import concurrent.futures
import contextlib
import json
import os
import resource
import signal
import socket
import struct
import time

import pytest
from serving import BINARY, FLIGHTS, PATIENCE, ROOT, parse_answers, receive, wait_for

HOST = b"Host: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"
EXPORT = b"GET /api/v1/datasets/flights/export?format=csv HTTP/1.1\r\n" + HOST + b"\r\n"
ROW = b'{"id":"a","text":"%s"}\n' % (b"x" * 1000)


@pytest.fixture(scope="module")
def server(serve_module):
    return serve_module(f"flights={FLIGHTS}", flags=["--log-level", "info"])


@pytest.fixture
def many_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect(server, timeout=30 * PATIENCE, small_window=False):
    client = socket.socket()
    if small_window:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(timeout)
    client.connect(("127.0.0.1", server.port))
    return client


def limited(tmp_path, descriptors):
    """The program under `ulimit -n`."""
    script = tmp_path / "limited.sh"
    script.write_text(f'#!/bin/sh\nulimit -n {descriptors}\nexec {BINARY} "$@"\n')
    script.chmod(0o755)
    return str(script)


def p99_of_health(server, count=200):
    times = []
    for _ in range(count):
        begun = time.monotonic()
        assert server.get("/health").status == 200
        times.append(time.monotonic() - begun)
    return sorted(times)[int(count * 0.99)]


def test_idle_connections_keep_nobody_out(serve, tmp_path, many_descriptors):
    """2,000 that say nothing, half of them after a first request, with 1,024 descriptors."""
    server = serve(f"flights={FLIGHTS}", binary=limited(tmp_path, 1024))
    with contextlib.ExitStack() as stack:
        for i in range(2000):
            client = stack.enter_context(connect(server))
            if i % 2:
                client.sendall(b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n")
        slowest = p99_of_health(server)
        print(f"p99 of /health with 2,000 idle connections: {slowest * 1000:.1f} ms")
        assert slowest <= 0.05 * PATIENCE
        assert server.value("SELECT 1") == 1
        assert server.alive
    assert "accept" not in server.tail(1000)


def test_the_longest_idle_gives_way_and_no_other(serve, tmp_path, many_descriptors):
    server = serve(f"flights={FLIGHTS}", binary=limited(tmp_path, 400))
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(server)) for _ in range(60)]
        server.get("/health")  # accepted behind them all
        for client in clients[:30]:  # these were used since, the others never
            client.sendall(b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n")
            assert receive(client, 5, b"}").startswith(b"HTTP/1.1 200")
        export = stack.enter_context(connect(server, small_window=True))
        export.sendall(EXPORT)
        assert export.recv(12) == b"HTTP/1.1 200"
        clients += [stack.enter_context(connect(server)) for _ in range(60)]
        server.get("/health")

        def is_open(client):
            client.setblocking(False)
            try:
                return client.recv(1) != b""
            except BlockingIOError:
                return True
            except ConnectionResetError:
                return False

        wait_for(lambda: sum(map(is_open, clients)) <= 100)
        assert all(map(is_open, clients[:30])), "younger than the thirty that were never used"
        assert not any(map(is_open, clients[30:45]))
        assert all(map(is_open, clients[90:]))
        assert export.recv(1000), "what is answered is not idle"


def test_without_descriptors_the_log_stays_quiet(serve, tmp_path, many_descriptors):
    """More busy connections than there may be: further ones are told, and are not refused one line each."""
    server = serve(f"flights={FLIGHTS}", binary=limited(tmp_path, 400))
    with contextlib.ExitStack() as stack:
        busy = []
        for _ in range(160):
            client = stack.enter_context(connect(server))
            client.sendall(b"POST /ingest?collection=busy HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\n{")
            busy.append(client)
        told = [receive(client, 0.05) for client in busy[-20:]]
        assert any(answer.startswith(b"HTTP/1.1 503 ") for answer in told), told[:3]
    wait_for(lambda: server.get("/health").status == 200)
    assert server.tail(1000).count("a connection") <= 3


def slow_upload(server, collection):
    """More than 1 MiB at once, then next to nothing."""
    client = connect(server)
    line = b"POST /ingest?format=ndjson&collection=%s HTTP/1.1\r\n" % collection
    client.sendall(line + HOST + b"Content-Length: 50000000\r\n\r\n")
    client.sendall(ROW * 1100)
    return client


def test_slow_uploads_hold_up_nobody(serve):
    """16 bodies of more than 1 MiB that send a byte now and then; a seventeenth of the same kind."""
    server = serve()
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(slow_upload(server, b"slow")) for _ in range(16)]
        wait_for(lambda: server.get("/health").status == 200)
        for client in slow:
            client.sendall(b"x")
        begun = time.monotonic()
        answer = server.ask("POST", "/ingest", ROW * 3000, {"Content-Type": "application/x-ndjson"}, collection="quick")
        seconds = time.monotonic() - begun
        print(f"the seventeenth took {seconds:.1f} s")
        assert answer.status == 200 and answer.json()["records_processed"] == 3000, answer.body[:300]
        assert seconds < 10 * PATIENCE
        csv = b"id,n\n" + b"a,1\n" * 10
        assert server.ask("POST", "/ingest", csv, {"Content-Type": "text/csv"}, collection="quick_csv").status == 200


def test_a_slow_sender_is_cut(serve):
    """A byte every few seconds, behind the first megabyte: 408 after limits::kSlowSenderWindow, and nothing is kept."""
    server = serve()
    with slow_upload(server, b"slow") as client:
        begun, said = time.monotonic(), b""
        while not said and time.monotonic() - begun < 45 * PATIENCE:
            client.settimeout(2)
            try:
                said = client.recv(4096)
            except TimeoutError:
                client.sendall(b"x")
        assert said.startswith(b"HTTP/1.1 408 "), said[:100]
        assert time.monotonic() - begun > 25
    assert server.ask("POST", "/query/sql", {"sql": "SELECT count(*) AS n FROM slow"}).status != 200


def ingest_pids(server):
    children = []
    for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):
        with contextlib.suppress(OSError):
            stat = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
            if int(stat[1]) == server.process.pid:
                children.append(pid)
    return set(children) - {worker["pid"] for worker in server.get("/health").json()["workers"]}


def test_a_worker_that_stands_still_is_replaced(serve):
    """SIGSTOP of those that ingest: the request is answered within limits::kSilenceMax, and the next one is kept."""
    server = serve()
    assert server.ask("POST", "/ingest", {"id": "first"}, collection="c").status == 200
    stopped = wait_for(lambda: ingest_pids(server))
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        answer = server.ask("POST", "/ingest", {"id": "second"}, timeout=40 * PATIENCE, collection="c")
        assert (answer.status, answer.code) == (503, "Unavailable"), answer.body
        assert time.monotonic() - begun < 30 * PATIENCE
    finally:
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    wait_for(lambda: server.ask("POST", "/ingest", {"id": "third"}, collection="c").status == 200)


def test_unread_exports_do_not_delay_a_query(serve):
    """40 exports of which nothing is read."""
    server = serve(f"flights={FLIGHTS}")
    assert server.value("SELECT count(*) FROM flights") == 3_000_000
    with contextlib.ExitStack() as stack:
        exports = [stack.enter_context(connect(server, small_window=True)) for _ in range(40)]
        for client in exports:
            client.sendall(EXPORT)
        times = []
        for _ in range(8):
            begun = time.monotonic()
            assert server.value("SELECT count(*) FROM flights WHERE delay > 10") > 0
            times.append(time.monotonic() - begun)
        print(f"queries beside 40 unread exports took {[round(t, 2) for t in times]} s")
        assert max(times) < 3 * PATIENCE
        heads = [client.recv(12) for client in exports]
        assert set(heads) <= {b"HTTP/1.1 200", b"HTTP/1.1 429"} and b"HTTP/1.1 200" in heads


def test_unread_statements_do_not_delay_a_query(serve):
    """The same by SQL, where nothing says beforehand that the answer is long: the ones unread for longest are cut."""
    server = serve(f"flights={FLIGHTS}")
    body = b'{"sql":"SELECT * FROM flights","format":"csv"}'
    head = b"POST /api/v1/query HTTP/1.1\r\n" + HOST + JSON + b"Content-Length: %d\r\n\r\n" % len(body)
    with contextlib.ExitStack() as stack:
        for _ in range(80):
            stack.enter_context(connect(server, small_window=True)).sendall(head + body)
        begun = time.monotonic()
        assert server.sql("SELECT 42", timeout=29).json()["rows"] == [[42]]
        print(f"a query behind 80 unread statements took {time.monotonic() - begun:.1f} s")


@pytest.mark.parametrize(("head", "body"), [
    (b"GET /health HTTP/1.1\r\n", b""), (b"GET /health HTTP/1.0\r\n", b""),
    (b"POST /api/v1/query HTTP/1.1\r\nContent-Type: application/json\r\n",
     b'{"sql":"SELECT count(*) FROM flights a, (SELECT * FROM flights LIMIT 500) b WHERE a.delay + b.delay = 7"}'),
    (b"POST /api/v1/query HTTP/1.0\r\nContent-Type: application/json\r\n",
     b'{"sql":"SELECT count(*) FROM flights a, (SELECT * FROM flights LIMIT 500) b WHERE a.delay + b.delay = 7"}'),
    (b"POST /ingest?collection=half HTTP/1.1\r\nContent-Type: application/json\r\n", b'{"id":1}'),
    (b"GET /api/v1/datasets/flights/rows?format=ndjson&limit=100000 HTTP/1.1\r\n", b""),
])  # fmt: skip
def test_half_closed_clients_get_their_answer(server, head, body):
    with connect(server) as client:
        client.sendall(head + HOST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        client.shutdown(socket.SHUT_WR)
        data = receive(client, 60 * PATIENCE)
    while data.startswith(b"HTTP/1.1 102 "):
        data = data.partition(b"\r\n\r\n")[2]
    answers = parse_answers(data)
    assert [answer.status for answer in answers] == [200] and answers[0].body


def test_half_closed_clients_get_all_that_they_asked_for(server):
    with connect(server) as client:
        client.sendall((b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n") * 3)
        client.shutdown(socket.SHUT_WR)
        assert [answer.status for answer in parse_answers(receive(client))] == [200] * 3


@pytest.mark.parametrize("path", [b"/ingest?collection=cut", b"/api/v1/query"])
def test_a_body_that_ends_early_is_told(server, path):
    with connect(server) as client:
        client.sendall(b"POST " + path + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 100\r\n\r\n{")
        client.shutdown(socket.SHUT_WR)
        answers = parse_answers(receive(client))
    assert [answer.status for answer in answers] == [400]


@pytest.mark.parametrize("reset", [False, True])
def test_who_leaves_altogether_ends_its_task(server, reset):
    sql = "SELECT count(*) FROM flights a, flights b WHERE a.delay + b.delay = 7"
    body = json.dumps({"sql": sql}).encode()
    client = connect(server)
    head = b"POST /api/v1/query HTTP/1.1\r\n" + HOST + JSON + b"Content-Length: %d\r\n\r\n" % len(body)
    client.sendall(head + body)

    def running():
        queries = server.get("/api/v1/queries").json()["queries"]
        return [query for query in queries if "a.delay + b.delay" in query["text"]]

    wait_for(running)
    if reset:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    begun = time.monotonic()
    wait_for(lambda: not running())
    assert time.monotonic() - begun < 3 * PATIENCE


def test_head_is_get_without_its_body(server):
    """Every route that takes GET: HEAD has the same status and headers, as far as they are known, and no body."""
    paths = json.loads((ROOT / "protocol/openapi.json").read_text())["paths"]
    targets = [path.replace("{name}", "flights") for path, item in paths.items() if "get" in item]
    rows = "/api/v1/datasets/flights/rows"
    targets += ["/nosuch", "/api/v1/datasets/nosuch", rows + "?limit=x", rows + "?limit=5", rows + "?format=csv",
                "/data/arrow_ipc?limit=3"]  # fmt: skip
    assert len(targets) > 30
    for target in targets:
        if target.endswith("/events") or target == "/api/v1/stream":
            continue
        get = server.get(target) if "format=csv" not in target else None
        with connect(server) as client:
            line = f"HEAD {target} HTTP/1.1\r\n".encode()
            client.sendall(line + HOST + b"\r\n" + b"GET /health HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
            head, second = parse_answers(receive(client, 20 * PATIENCE), {0})
        assert second.status == 200 and second.json()["status"] == "ok", target
        if get is None:
            continue
        assert head.status == get.status and head.headers["content-type"] == get.headers["content-type"], target
        assert ("content-length" in head.headers) == ("content-length" in get.headers), target


def test_long_file_names_are_shortened(server):
    for name in ("a" * 300, "a" * 300 + ".csv", "ä" * 200):
        answer = server.get("/api/v1/datasets/flights/export", limit=1, format="csv", filename=name)
        disposition = answer.headers["content-disposition"]
        plain = disposition.split('filename="')[1].split('"')[0]
        assert plain.endswith(".csv") and 200 < len(plain) <= 255, disposition


def test_statements_are_not_sent_back(server):
    """What is wrong with 100 KB is said in a few words."""
    long = "x" * 100_000
    for sql in (f"SELECT {long}", f"SELECT '{long}'::INTEGER", f"SELECT * FROM {long}", "SELECT " + "(" * 50_000,
                f"SELECT {long}(1)", f'SELECT 1 AS "{long}" FROM nosuch', f"SELEC {long}"):  # fmt: skip
        answer = server.sql(sql)
        assert answer.status in (400, 403), answer.status
        assert len(answer.body) < 4096, (sql[:20], len(answer.body))
    started = server.ask("POST", "/api/v1/query", {"sql": f"SELECT '{long}'::INTEGER"}, {"Prefer": "respond-async"})
    job = started.json()["id"]
    ended = wait_for(lambda: (document := server.get(f"/api/v1/jobs/{job}").json())["ended"] and document)
    assert ended["state"] == "failed" and len(ended["error"]["message"]) < 4096


def test_the_log_has_no_statement_and_no_value(serve):
    server = serve(f"flights={FLIGHTS}", flags=["--log-level", "info"])
    statements = ["SELECT 'secretive'::INTEGER", "SELECT secretive FROM flights", "SELECT * FROM secretive",
                  "SELECT error('secretive') FROM flights", "SELECT sum(delay), 'secretive' FROM flights"]  # fmt: skip
    for sql in statements:
        server.sql(sql)
        job = server.ask("POST", "/api/v1/query", {"sql": sql}, {"Prefer": "respond-async"}).json()
        if "id" in job:
            wait_for(lambda job=job: server.get(f"/api/v1/jobs/{job['id']}").json()["ended"])
    server.ask("POST", "/ingest", b'{"id": "secretive"', {"Content-Type": "application/json"}, collection="c")
    assert "failed" in server.tail(1000) and "secretive" not in server.tail(1000)


def test_cursors_that_cannot_go_on_say_so(serve, tmp_path):
    path = tmp_path / "grows.csv"
    path.write_text("id\n" + "".join(f"{i}\n" for i in range(10)))
    server = serve(f"grows={path}")
    cursor = server.page("grows", limit=3)["next"]
    path.write_text("id\n" + "".join(f"{i}\n" for i in range(20)))
    wait_for(lambda: server.page("grows", limit=1)["total_rows"] == 20)
    answer = server.rows("grows", after=cursor, limit=3)
    assert (answer.status, answer.code) == (410, "CursorExpired")
    assert server.rows("grows", after="nonsense", limit=3).status == 400


def test_many_clients_at_once_are_served(server, many_descriptors):
    """Beyond what is ever open at once: whoever has a request is answered, whoever idles gives way."""
    def ask(_):
        return server.get("/health").status

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        assert set(pool.map(ask, range(1000))) == {200}
