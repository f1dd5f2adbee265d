"""Requests that are too large, malformed or never finished: the right 4xx, a closed connection, a front that stays."""

import concurrent.futures
import resource
import socket
import time

import pytest
from serving import PATIENCE, parse_answers, receive

HOST = b"Host: localhost\r\n"


@pytest.fixture(scope="module")
def server(serve_module):
    return serve_module()


def status_of(data):
    """(status, code) of the first answer; (None, None) where the connection was closed without one."""
    if not data:
        return None, None
    answer = parse_answers(data)[0]
    return answer.status, answer.code if answer.status >= 400 else None


@pytest.mark.parametrize("data", [
    b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 20_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"".join(b"X-%d: %s\r\n" % (i, b"b" * 100) for i in range(300)) + b"\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"a" * 200_000,
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
])  # fmt: skip
def test_headers_that_are_too_large(server, data):
    assert status_of(server.raw(data, timeout=5)) == (431, "HeadersTooLarge")


def test_a_target_that_is_too_long(server):
    target = b"/health?" + b"a" * 9000
    assert status_of(server.raw(b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n", until=b"}"))[0] == 414
    longer = b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n"
    assert status_of(server.raw(longer))[0] in (414, 431)


def test_a_body_that_is_too_large(server):
    head = b"POST /api/v1/query HTTP/1.1\r\n" + HOST + b"Content-Length: 9000000\r\n\r\n"
    assert status_of(server.raw(head + b"x" * 1000)) == (413, "PayloadTooLarge")
    answer = server.ask("POST", "/api/v1/query", b"[" + b" " * 7_900_000 + b"]")
    assert answer.status == 400
    chunked = b"POST /api/v1/query HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    assert status_of(send_until_refused(server, [chunked, *[chunk] * 12])) in ((413, "PayloadTooLarge"), (None, None))


@pytest.mark.parametrize("length", [b"Content-Length: 40000000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
def test_who_sends_on_still_hears_why(server, length):
    """An upload that is refused at its head: the client that sends all of it first finds the answer, and no reset."""
    piece = b"x" * 1_000_000 if b"Length" in length else b"f4240\r\n" + b"x" * 1_000_000 + b"\r\n"
    head = b"POST /ingest/file?format=nonsense HTTP/1.1\r\n" + HOST
    with socket.create_connection(("127.0.0.1", server.port), 20) as client:
        client.sendall(head + length)
        for _ in range(40):
            client.sendall(piece)
        answer = receive(client)
    assert status_of(answer)[0] == 400
    assert b"\r\nconnection: close\r\n" in answer.lower()


def test_who_never_stops_sending_is_cut(server):
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), 20) as client, pytest.raises(OSError):
        head = b"POST /ingest/file?format=nonsense HTTP/1.1\r\n" + HOST
        client.sendall(head + b"Content-Length: 60000000000\r\n\r\n")
        while time.monotonic() < begun + 30:
            client.sendall(b"x" * 1_000_000)
    assert time.monotonic() < begun + 20


def send_until_refused(server, pieces):
    with socket.create_connection(("127.0.0.1", server.port), 20) as client:
        try:
            for piece in pieces:
                client.sendall(piece)
        except OSError:
            pass
        return receive(client, 10)


@pytest.mark.parametrize("data", [
    b"\x00\x01\x02\x03" * 10 + b"\r\n\r\n", b"GET\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n", b"GET / HTTP/1.1\r\n: x\r\n\r\n", b"GET  / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: x\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999999999999999\r\n\r\n",
    b"POST /api/v1/query HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    b"POST /api/v1/query HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    b"POST /api/v1/query HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n\r\n",
    b"POST /api/v1/query HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\nx",
    b"GET health HTTP/1.1\r\n" + HOST + b"\r\n", b"GET http://localhost/health HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET * HTTP/1.1\r\n" + HOST + b"\r\n", b"CONNECT localhost:80 HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /hea\x00lth HTTP/1.1\r\n" + HOST + b"\r\n", b"GET /hea lth HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: local\x00host\r\n\r\n", b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    b"\r\n\r\n\r\n\r\n", b"GET / HTTP/1.1\nHost: localhost\n\n", b"get / http/1.1\r\n\r\n",
])  # fmt: skip
def test_malformed_requests(server, data):
    """A 4xx or a closed connection; bytes behind a malformed request are never taken for another request."""
    data = server.raw(data + b"GET /health HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", timeout=12)
    first = parse_answers(data)[0].status if data else None
    assert first is None or 400 <= first < 500 or first == 200 and data.count(b'"status":"ok"') <= 1, data[:300]
    assert server.get("/health").status == 200


def test_requests_are_not_smuggled(server):
    """A body that looks like a request is a body."""
    inner = b"GET /nosuch HTTP/1.1\r\n" + HOST + b"\r\n"
    data = b"GET /health HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(inner) + inner
    answers = parse_answers(server.raw(data))
    assert [answer.status for answer in answers] == [200]


def trickle(server, first, piece, seconds):
    """Sends `first`, then `piece` now and then; (seconds until the server closed, what it said)."""
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), 5) as client:
        client.sendall(first)
        said = b""
        while time.monotonic() - started < seconds:
            client.settimeout(0.5)
            try:
                got = client.recv(4096)
                if not got:
                    return time.monotonic() - started, said
                said += got
            except TimeoutError:
                pass
            except ConnectionResetError:
                return time.monotonic() - started, said
            try:
                client.sendall(piece)
            except OSError:
                continue
        return None, said


def test_slow_writers_are_cut(server):
    """Headers have ten seconds, however they trickle; thirty such clients at once harm nobody."""
    kinds = [
        (b"GET /health HTTP/1.1\r\n" + HOST, b"X: y\r\n"), (b"GET /hea", b""), (b"G", b"E"),
        (b"GET /health HTTP/1.1\r\n" + HOST + b"X: ", b"a"), (b"POST /api/v1/query HTTP/1.1\r\n", b"A: b\r\n"),
    ]  # fmt: skip
    with concurrent.futures.ThreadPoolExecutor(30) as pool:
        slow = [pool.submit(trickle, server, *kinds[i % len(kinds)], 12 + 4 * PATIENCE) for i in range(30)]
        started, slowest = time.monotonic(), 0.0
        while time.monotonic() - started < 8:
            before = time.monotonic()
            assert server.value("SELECT 1") == 1
            slowest = max(slowest, time.monotonic() - before)
            time.sleep(0.2)
        outcomes = [future.result() for future in slow]
    assert slowest < 2 * PATIENCE
    for seconds, said in outcomes:
        assert seconds is not None and 8 < seconds < 12 + PATIENCE, (seconds, said)
        assert said == b"" or status_of(said) in ((408, "RequestTimeout"), (400, "InvalidData")), said
    assert any(status_of(said)[0] == 408 for _, said in outcomes)


def test_many_connections(server):
    """More than the server takes: the rest is closed at once, and all is well when they are gone."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    clients = []
    try:
        for _ in range(1100):
            client = socket.socket()
            client.settimeout(2)
            client.connect(("127.0.0.1", server.port))
            clients.append(client)
        assert server.alive
    finally:
        for client in clients:
            client.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    for _ in range(50):
        try:
            if server.get("/health").status == 200:
                break
        except OSError:
            time.sleep(0.1)
    assert server.value("SELECT 1") == 1


@pytest.mark.parametrize("chunked", [False, True])
def test_a_client_that_leaves_within_its_upload(server, chunked):
    """Whole frames have been read, the rest never comes: nothing of it is kept, and the front stays."""
    line = b'{"id": "a", "x": 1}\n' * 70_000
    framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 99999999"
    collection = f"left_alone_{chunked}"
    head = f"POST /ingest/file?format=ndjson&collection={collection} HTTP/1.1\r\n".encode() + HOST + framing
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(head + b"\r\n\r\n")
            for _ in range(3):
                client.sendall(b"%x\r\n%s\r\n" % (len(line), line) if chunked else line)
        assert server.get("/health").status == 200
    answer = server.ask("POST", "/ingest", {"id": "whole"}, {"Content-Type": "application/json"}, collection=collection)
    assert answer.status == 200 and answer.json()["records_processed"] == 1
    rows = server.ask("POST", "/query/sql", {"sql": f"SELECT id FROM {collection}"}).json()["data"]
    assert server.alive and rows == [{"id": "whole"}]
