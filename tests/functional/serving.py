"""A running `canvasback serve` and the smallest HTTP client for it.

Server starts the program on a free port with a data folder of its own, reads the address that it prints and stops it
by its process id. ask() makes one request on one connection; raw() exchanges bytes for tests of the protocol itself.
"""

import dataclasses
import http.client
import json
import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("CANVASBACK_BIN", str(ROOT / "build/release/bin/canvasback"))
GATELESS = os.environ.get("CANVASBACK_GATELESS_BIN", BINARY + "_gateless")
FLIGHTS = ROOT / ".deps/data/flights-3m.parquet"
# How much longer than on a quiet machine a thing may take before a test fails: these tests show that it happens at all,
# on any machine. CANVASBACK_PATIENCE=1 holds them to the times themselves.
PATIENCE = float(os.environ.get("CANVASBACK_PATIENCE", "10"))
START_SECONDS = 30 * PATIENCE


@dataclasses.dataclass
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: dict
    body: bytes
    trailers: dict = dataclasses.field(default_factory=dict)

    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The typed code of an error, after checking that the body is a problem document."""
        assert self.headers["content-type"].startswith("application/problem+json"), (self.headers, self.body[:500])
        problem = self.json()
        assert problem["status"] == self.status and problem["type"] and problem["title"] and problem["detail"], problem
        return problem["code"]


def joined(fields):
    """Header fields as a dict by lower-case name; repeated ones are joined."""
    out = {}
    for name, value in fields:
        out[name.lower()] = ", ".join(filter(None, [out.get(name.lower()), value.strip()]))
    return out


def target_of(path, parameters):
    """A path with its query; values that are not text are written as JSON."""
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in parameters.items() if v is not None}
    return path + ("?" + urllib.parse.urlencode(texts) if texts else "")


class Server:
    """One process of `serve`; a context manager."""

    running = []

    def __init__(self, folder, paths=(), flags=(), binary=BINARY, environment=None, cwd=None, port=0):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log_path = self.folder / "log.txt"
        self.log = open(self.log_path, "ab")
        command = [binary, "serve", *map(str, paths), "--listen", f"127.0.0.1:{port}", "--data", self.folder / "data"]
        self.process = subprocess.Popen(
            [*command, *map(str, flags)], stdout=subprocess.PIPE, stderr=self.log, cwd=cwd or self.folder,
            env={**os.environ, **(environment or {})})  # fmt: skip
        Server.running.append(self)
        try:
            self.port = self._read_port()
        except BaseException:
            self.stop()
            raise

    def _read_port(self):
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        line = self.process.stdout.readline().decode() if ready else ""
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        assert found, f"no address: {line!r}\n{self.tail()}"
        return int(found.group(1))

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def alive(self):
        return self.process.poll() is None

    def tail(self, lines=40):
        self.log.flush()
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def stop(self):
        if self in Server.running:
            Server.running.remove(self)
        if self.alive:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        self.process.stdout.close()
        self.log.close()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def ask(self, method, path, body=None, headers=None, timeout=60, **parameters):
        """One request; a body that is not bytes is sent as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            if body is not None and not isinstance(body, bytes):
                body = json.dumps(body).encode()
            connection.request(method, target_of(path, parameters), body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, joined(response.getheaders()), response.read())
        finally:
            connection.close()

    def get(self, path, headers=None, **parameters):
        return self.ask("GET", path, headers=headers, **parameters)

    def rows(self, dataset, headers=None, **parameters):
        return self.get(f"/api/v1/datasets/{dataset}/rows", headers, **parameters)

    def page(self, dataset, **parameters):
        """The JSON document of a page that must be answered."""
        answer = self.rows(dataset, **parameters)
        assert answer.status == 200, answer.body[:2000]
        return answer.json()

    def sql(self, sql, headers=None, timeout=60, **members):
        return self.ask("POST", "/api/v1/query", {"sql": sql, **members}, headers, timeout)

    def value(self, sql, **members):
        """The one value of a statement that must be answered."""
        answer = self.sql(sql, **members)
        assert answer.status == 200, answer.body[:2000]
        return answer.json()["rows"][0][0]

    def raw(self, data, timeout=30, until=None):
        """Sends bytes and returns all that comes until the server closes, or until `until` is in it."""
        with socket.create_connection(("127.0.0.1", self.port), timeout) as client:
            client.sendall(data)
            return receive(client, timeout, until)

    def workers(self):
        return {worker["number"]: worker for worker in self.get("/health").json()["workers"]}


def receive(client, timeout=30, until=None):
    """What comes on a socket until its end, a reset, `until` or the timeout (`until` is waited for patiently)."""
    out = bytearray()
    deadline = time.monotonic() + timeout * (PATIENCE if until else 1)
    while until is None or until not in out:
        client.settimeout(max(0.01, deadline - time.monotonic()))
        try:
            got = client.recv(1 << 16)
        except (TimeoutError, ConnectionResetError):
            break
        if not got:
            break
        out += got
    return bytes(out)


def parse_answers(data, head_of=()):
    """Splits bytes from a connection into Answers; an answer that breaks off raises http.client.IncompleteRead.

    `head_of` holds the indexes of answers to HEAD requests, which have no body.
    """
    answers = []
    while data:
        head, found, data = data.partition(b"\r\n\r\n")
        if not found:
            raise http.client.IncompleteRead(head)
        lines = head.decode().split("\r\n")
        headers = joined(line.split(":", 1) for line in lines[1:])
        answer = Answer(int(lines[0].split()[1]), headers, b"")
        if len(answers) in head_of:
            pass
        elif headers.get("transfer-encoding") == "chunked":
            data = _read_chunks(answer, data)
        elif answer.status >= 200 and answer.status != 204:
            length = int(headers["content-length"]) if "content-length" in headers else len(data)
            if len(data) < length:
                raise http.client.IncompleteRead(data)
            answer.body, data = data[:length], data[length:]
        answers.append(answer)
    return answers


def _read_chunks(answer, data):
    """Fills the answer's body and trailers; returns what stands behind them."""
    parts, at = [], 0

    def line():
        nonlocal at
        end = data.find(b"\r\n", at)
        if end < 0:
            raise http.client.IncompleteRead(b"".join(parts))
        text, at = data[at:end], end + 2
        return text

    while size := int(line(), 16):
        parts.append(data[at : at + size])
        at += size + 2
        if at > len(data) or data[at - 2 : at] != b"\r\n":
            raise http.client.IncompleteRead(b"".join(parts))
    while text := line():
        name, _, value = text.decode().partition(":")
        answer.trailers[name.lower()] = value.strip()
    answer.body = b"".join(parts)
    return data[at:]


def wait_for(condition, seconds=15, period=0.05):
    """Waits until the condition holds and returns what it gave. The seconds are those of a quiet machine."""
    seconds *= PATIENCE
    deadline = time.monotonic() + seconds
    while True:
        got = condition()
        if got:
            return got
        assert time.monotonic() < deadline, f"still not so after {seconds} s"
        time.sleep(period)
