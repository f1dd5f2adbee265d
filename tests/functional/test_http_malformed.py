"""tests/corpus/http_malformed.py against the server, and against it behind a reverse proxy: no form is answered 2xx,
none is answered twice, none changes anything, and the connection is closed."""

import concurrent.futures
import importlib.util
import re
import shutil
import socket
import subprocess

import pytest
from serving import FLIGHTS, PATIENCE, ROOT, parse_answers, receive, wait_for

spec = importlib.util.spec_from_file_location("http_malformed", ROOT / "tests/corpus/http_malformed.py")
corpus = importlib.util.module_from_spec(spec)
spec.loader.exec_module(corpus)

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
MARK = b"GET /api/v1/datasets/smuggled HTTP/1.1\r\n" + corpus.HOST + b"\r\n"


@pytest.fixture(scope="module")
def server(serve_module):
    return serve_module(f"flights={FLIGHTS}")


def exchange(port, data, first=b""):
    """What comes back until the server closes; the connection must be closed by it."""
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        if first:
            client.sendall(first)
            said = receive(client, 5, b"\r\n\r\n")
            assert said.startswith(b"HTTP/1.1 101 "), said
        client.settimeout(15 * PATIENCE)
        out = bytearray()
        try:
            client.sendall(data)
            while got := client.recv(1 << 16):
                out += got
        except (ConnectionResetError, BrokenPipeError):
            pass
        return bytes(out)


def state(server):
    datasets = [dataset["name"] for dataset in server.get("/api/v1/datasets").json()["datasets"]]
    return datasets, server.get("/health").json()["status"]


def test_there_are_enough_forms():
    assert len(corpus.FORMS) + len(corpus.HANDSHAKES) + len(corpus.FRAMES) >= 900
    assert len({data for _, data in corpus.FORMS}) == len(corpus.FORMS)


@pytest.mark.parametrize("forms", [corpus.FORMS, corpus.HANDSHAKES], ids=["http", "handshakes"])
def test_requests(server, forms):
    before, wrong = state(server), []
    for name, data in forms:
        try:
            answers = parse_answers(exchange(server.port, data), {0} if data.startswith(b"HEAD ") else ())
            if [a.status for a in answers if not 400 <= a.status <= 501] or len(answers) > 1:
                wrong.append((name, [a.status for a in answers]))
        except TimeoutError:
            wrong.append((name, "not closed"))
            if len(wrong) > 5:
                break
    assert not wrong, (len(wrong), wrong[:40])
    assert state(server) == before and "smuggled" not in before[0]


def test_frames(server):
    before, wrong = state(server), []
    for name, data in corpus.FRAMES:
        try:
            said = exchange(server.port, data, corpus.handshake())
            if b"HTTP/" in said or b'"view"' in said:
                wrong.append((name, said[:200]))
        except TimeoutError:
            wrong.append((name, "not closed"))
            if len(wrong) > 5:
                break
    assert not wrong, (len(wrong), wrong[:40])
    assert state(server) == before


def test_what_is_well_formed_is_answered(server):
    """The forms of the corpus are refused for what is wrong with them and for nothing else."""
    for fields, body in [(b"Content-Length: 18\r\n", corpus.RECORD), (b"content-length:\t18 \r\n", corpus.RECORD),
                         (b"Transfer-Encoding: chunked\r\n",
                          b"12;a=b;c=\"d;\\\"\"\r\n" + corpus.RECORD + b"\r\n0\r\nX: y\r\n\r\n"),
                         (b"transfer-encoding: Chunked\r\n", b"012\r\n" + corpus.RECORD + b"\r\n0\r\n\r\n"),
                         (b"X:\r\nY: \t \r\nContent-Length: 18\r\n", corpus.RECORD)]:  # fmt: skip
        line = corpus.LINES[0].replace(b"smuggled", b"well_formed")
        second = corpus.request(b"GET /health HTTP/1.1\r\n", b"Connection: close\r\n")
        data = corpus.request(line, fields) + body + second
        answers = parse_answers(exchange(server.port, data))
        assert [answer.status for answer in answers] == [200, 200], (fields, answers)
    assert exchange(server.port, corpus.frame(0x88, b"\x03\xe8"), corpus.handshake()) == b"\x88\x02\x03\xe8"


CONFIG = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; worker_rlimit_nofile 1024; {user}
events {{ worker_connections 256; }}
http {{
  log_format forwarded '$status $upstream_addr "$request"';
  access_log {folder}/access.log forwarded;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  client_header_timeout 1s; client_body_timeout 1s; keepalive_timeout 1s; lingering_close off;
  ignore_invalid_headers off; underscores_in_headers on;
  upstream canvasback {{ server 127.0.0.1:{port}; keepalive 8; }}
  server {{
    listen 127.0.0.1:{listen};
    location / {{
      proxy_pass http://canvasback; proxy_http_version 1.1; proxy_next_upstream off;
      proxy_set_header Host localhost; proxy_set_header Connection ""; proxy_request_buffering {buffering};
    }}
  }}
}}
"""


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def seen_marks(server):
    metrics = server.get("/metrics").body.decode()
    return sum(map(int, re.findall(r'requests_total\{route="/api/v1/datasets/\{name\}",status="\d+"\} (\d+)', metrics)))


@pytest.mark.parametrize("buffering", ["on", "off"] if NGINX else [])
def test_behind_nginx(serve, tmp_path, buffering):
    """The proxy keeps connections to the server and puts requests of many clients on them. Whatever it forwards of a
    malformed form, the server sees the requests that it forwarded and no other."""
    server = serve(f"flights={FLIGHTS}")
    listen = free_port()
    user = "user root;" if subprocess.check_output(["id", "-u"]).strip() == b"0" else ""
    config = tmp_path / "nginx.conf"
    config.write_text(CONFIG.format(folder=tmp_path, port=server.port, listen=listen, buffering=buffering, user=user))
    proxy = subprocess.Popen([NGINX, "-p", str(tmp_path), "-c", str(config), "-e", str(tmp_path / "start.log")])
    try:
        wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", listen)) == 0)
        forms = [data.replace(corpus.SMUGGLED, MARK) for _, data in corpus.FORMS + corpus.HANDSHAKES]

        def send(data):
            with socket.create_connection(("127.0.0.1", listen), 10) as client:
                client.sendall(data)
                return receive(client, 20)

        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            list(pool.map(send, forms))
        assert proxy.poll() is None and server.alive
        last = send(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert last.startswith(b"HTTP/1.1 200 ") and b'"status":"ok"' in last
    finally:
        proxy.terminate()
        proxy.wait(10)
    log = (tmp_path / "access.log").read_text(errors="replace").splitlines()
    forwarded = [line for line in log if line.split(" ")[1] != "-"]
    assert len(forwarded) > 50, "the proxy lets some forms through, mended"
    assert seen_marks(server) == sum("/api/v1/datasets/smuggled" in line for line in forwarded)
