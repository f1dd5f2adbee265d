"""HTTP itself: hosts and origins, methods, versions, keep-alive, pipelining, framing and trailers."""

import http.client
import json
import socket

import pytest
from serving import FLIGHTS, parse_answers, receive

ALLOWED = "https://app.example"
ROWS = "/api/v1/datasets/flights/rows"


@pytest.fixture(scope="module")
def server(serve_module):
    return serve_module(f"flights={FLIGHTS}", flags=["--origins", f"{ALLOWED},http://localhost:3000",
                                                     "--hosts", "data.example"])  # fmt: skip


def request(target="/health", method="GET", version="1.1", headers=(), host="localhost", body=b""):
    lines = [f"{method} {target} HTTP/{version}", *([f"Host: {host}"] if host is not None else []), *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def one(server, *arguments, **options):
    """The one answer to a request on a connection of its own."""
    options["headers"] = [*options.get("headers", ()), "Connection: close"]
    head = {0} if options.get("method") == "HEAD" else ()
    answers = parse_answers(server.raw(request(*arguments, **options)), head)
    assert len(answers) == 1
    return answers[0]


@pytest.mark.parametrize(("host", "status"), [
    ("localhost", 200), ("127.0.0.1", 200), ("localhost:1234", 200), ("LOCALHOST", 200), ("[::1]:80", 200),
    ("data.example", 200), ("data.example:8080", 200), ("evil.example", 403), ("localhost.evil.example", 403),
    ("127.0.0.1.evil.example", 403), ("127.0.0.2", 403), ("0.0.0.0", 403), ("[::]", 403), ("xn--data.example", 403),
    ("data.example.", 403), ("localhost@evil.example", 400), ("evil.example#localhost", 400),
])  # fmt: skip
def test_host(server, host, status):
    answer = one(server, host=host)
    assert answer.status == status
    if status != 200:
        assert answer.code == ("Forbidden" if status == 403 else "InvalidData")


def test_no_host(server):
    assert one(server, host=None).status == 400
    assert one(server, host="").status in (400, 403)
    assert one(server, host=None, version="1.0").status == 200


def test_two_hosts(server):
    answer = one(server, host="localhost", headers=["Host: evil.example"])
    assert answer.status == 400


@pytest.mark.parametrize("target", ["/health", ROWS + "?limit=1", "/api/v1/queries", "/nosuch"])
def test_origins(server, target):
    for origin in ("https://evil.example", "null", "http://localhost.evil.example", ALLOWED + ".evil.example",
                   "http://app.example", "https://app.example:444", "file://", "https://APP.example/"):  # fmt: skip
        answer = one(server, target, headers=[f"Origin: {origin}"])
        assert (answer.status, answer.code) == (403, "Forbidden"), origin
        assert "access-control-allow-origin" not in answer.headers
    same = one(server, target, host="localhost:99", headers=["Origin: http://localhost:99"])
    assert same.status in (200, 404) and "access-control-allow-origin" not in same.headers


@pytest.mark.parametrize("target", [ROWS + "?limit=1", "/data/arrow_ipc?limit=1",
                                    "/api/v1/datasets/flights/export?limit=1&format=csv"])  # fmt: skip
def test_cors_of_an_allowed_origin(server, target):
    answer = one(server, target, headers=[f"Origin: {ALLOWED}"])
    assert answer.status == 200 and answer.headers["access-control-allow-origin"] == ALLOWED
    assert "Origin" in answer.headers["vary"] and "*" not in answer.headers["access-control-allow-origin"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("target", ["/api/v1/datasets", "/api/v1/datasets/flights", "/health", "/api/v1/queries"])
def test_cors_of_documents(server, target):
    """An allowed page must be able to read the small documents and the errors as well."""
    assert one(server, target, headers=[f"Origin: {ALLOWED}"]).headers.get("access-control-allow-origin") == ALLOWED


def test_cors_of_errors(server):
    answer = one(server, ROWS + "?limit=x", headers=[f"Origin: {ALLOWED}"])
    assert answer.status == 400 and answer.headers.get("access-control-allow-origin") == ALLOWED


def test_preflight(server):
    asked = [f"Origin: {ALLOWED}", "Access-Control-Request-Method: POST",
             "Access-Control-Request-Headers: content-type"]  # fmt: skip
    answer = one(server, "/api/v1/query", method="OPTIONS", headers=asked)
    assert answer.status == 204 and answer.body == b""
    assert answer.headers["access-control-allow-origin"] == ALLOWED
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "content-type" in answer.headers["access-control-allow-headers"].lower()
    refused = one(server, "/api/v1/query", method="OPTIONS", headers=["Origin: https://evil.example", *asked[1:]])
    assert refused.status == 403 and "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize(("target", "method", "allowed"), [
    ("/api/v1/query", "GET", {"POST"}), ("/api/v1/datasets", "POST", {"GET"}), ("/health", "DELETE", {"GET"}),
    ("/api/v1/queries/1", "GET", {"DELETE"}), (ROWS, "PUT", {"GET"}), ("/metrics", "PATCH", {"GET"}),
    ("/health", "TRACE", {"GET"}), ("/api/v1/query", "OPTIONS", {"POST"}), ("/health", "BREW", {"GET"}),
])  # fmt: skip
def test_methods_that_a_route_has_not(server, target, method, allowed):
    answer = one(server, target, method=method)
    assert (answer.status, answer.code) == (405, "MethodNotAllowed")
    assert allowed <= {name.strip() for name in answer.headers["allow"].split(",")}


@pytest.mark.parametrize("target", ["/nosuch", "/api/v1", "/api/v1/", "/health/", "//health", "/api/v1/datasets/",
                                    "/api/v2/datasets", "/api/v1/datasets/flights/nosuch", "/../etc/passwd", "/%00",
                                    "/api/v1/datasets/flights/rows/", "/data", "/favicon.ico"])  # fmt: skip
def test_nothing_there(server, target):
    answer = one(server, target)
    assert (answer.status, answer.code) == (404, "NotFound")


def test_head_has_no_body(server):
    """HEAD is what GET is without the body, or it is refused; never a body that shifts the next answer."""
    for target in ("/health", ROWS + "?limit=1", "/api/v1/datasets"):
        data = server.raw(request(target, method="HEAD") + request("/health", headers=["Connection: close"]))
        first, second = parse_answers(data, {0})
        assert first.status in (200, 405) and second.status == 200 and second.json()["status"] == "ok"


def test_http_1_0(server):
    data = server.raw(request(ROWS + "?limit=3", version="1.0"))
    answer = parse_answers(data)[0]
    assert answer.json()["total_rows"] == 3_000_000 and "transfer-encoding" not in answer.headers
    streamed = server.raw(request(ROWS + "?format=csv&columns=delay", version="1.0"), timeout=60)
    head, _, body = streamed.partition(b"\r\n\r\n")
    assert b"chunked" not in head.lower() and b"connection: close" in head.lower()
    assert body.count(b"\n") == 3_000_001


def test_keep_alive(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.connect()
    sock = connection.sock
    for target in ("/health", ROWS + "?limit=2", "/nosuch", ROWS + "?limit=x", ROWS + "?format=ndjson&limit=100000",
                   "/api/v1/query", ROWS + "?format=arrow&limit=50000", "/health"):  # fmt: skip
        connection.request("GET", target)
        response = connection.getresponse()
        response.read()
        assert connection.sock is sock, f"closed after {target}"
    connection.close()
    closing = one(server)
    assert closing.headers["connection"] == "close"


def test_pipelining(server):
    targets = ["/health", ROWS + "?limit=1", "/nosuch", ROWS + "?limit=100000&format=csv", "/api/v1/datasets"] * 3
    data = b"".join(request(target) for target in targets)
    answers = parse_answers(server.raw(data + request("/health", headers=["Connection: close"]), timeout=60))
    assert [answer.status for answer in answers] == [200, 200, 404, 200, 200] * 3 + [200]
    assert answers[3].body.count(b"\n") == 100_001 and answers[3].body == answers[8].body


def test_small_answers_have_a_length_and_large_ones_chunks(server):
    small, large = one(server, ROWS + "?limit=1"), one(server, ROWS + "?format=csv")
    assert int(small.headers["content-length"]) == len(small.body) and "transfer-encoding" not in small.headers
    assert large.headers["transfer-encoding"] == "chunked" and "content-length" not in large.headers
    names = {name.strip().lower() for name in large.headers["trailer"].split(",")}
    assert names == {"server-timing", "x-performance-metrics"} == set(large.trailers)
    metrics = json.loads(large.trailers["x-performance-metrics"])
    assert metrics["rows"] == 3_000_000 and metrics["bytes"] == len(large.body)
    assert "total;dur=" in large.trailers["server-timing"] and "server-timing" in small.headers


@pytest.mark.parametrize("headers", [["Expect: 100-continue"],
                                     ["expect: 100-Continue", "Content-Type: application/json"]])  # fmt: skip
def test_expect_continue(server, headers):
    body = b'{"sql": "SELECT 1"}'
    head = request("/api/v1/query", method="POST", headers=[*headers, f"Content-Length: {len(body)}",
                                                            "Connection: close"])  # fmt: skip
    with socket.create_connection(("127.0.0.1", server.port), 10) as client:
        client.sendall(head)
        assert receive(client, 5, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(body)
        assert parse_answers(receive(client))[0].json()["rows"] == [[1]]


def test_chunked_bodies(server):
    head = request("/api/v1/query", method="POST", headers=["Transfer-Encoding: chunked", "Connection: close"])
    body = b'{"sql": "SELECT 1"}'
    chunks = b"".join(b"%x;x=y\r\n%s\r\n" % (1, body[i : i + 1]) for i in range(len(body))) + b"0\r\nA: b\r\n\r\n"
    assert parse_answers(server.raw(head + chunks))[0].json()["rows"] == [[1]]


def test_bytes_that_trickle_in(server):
    data = request("/api/v1/query", method="POST", body=b'{"sql": "SELECT 42"}', headers=["Connection: close"])
    with socket.create_connection(("127.0.0.1", server.port), 10) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(len(data)):
            client.sendall(data[i : i + 1])
        assert parse_answers(receive(client))[0].json()["rows"] == [[42]]


def test_every_answer_forbids_sniffing(server):
    for target in ("/", "/health", "/nosuch", ROWS + "?limit=1", "/metrics"):
        assert one(server, target).headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(("first_line", "headers"), [
    (b"POST /api/v1/query HTTP/1.0", [b"Expect: 100-continue", b"Content-Length: 19"]),
    (b"POST /api/v1/query HTTP/1.1", [b"Expect: 100-continuexyz", b"Content-Length: 19"]),
    (b"POST /api/v1/query HTTP/1.1", [b"Expect: 100-continue", b"Content-Length: 400000000"]),
    (b"GET /health HTTP/1.1", [b"Expect: 100-continue"]),
])  # fmt: skip
def test_who_is_not_to_go_on_is_not_told_to(server, first_line, headers):
    common = [b"Host: localhost", b"Connection: close", b"Content-Type: application/json"]
    head = b"\r\n".join([first_line, *common, *headers])
    with socket.create_connection(("127.0.0.1", server.port), 10) as client:
        client.sendall(head + b"\r\n\r\n" + (b'{"sql": "SELECT 1"}' if b": 19" in head else b""))
        assert b" 100 " not in receive(client)
