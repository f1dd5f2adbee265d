"""A MariaDB (or a MySQL, with CANVASBACK_MYSQL_KIND=mysql57) for all tests of a run, and the program under test."""

import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator

import pytest

import servers

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("CANVASBACK_BIN", str(ROOT / "build/release/bin/canvasback"))
KIND = os.environ.get("CANVASBACK_MYSQL_KIND", "mariadb")
START_SECONDS = 30


@pytest.fixture(scope="session")
def source() -> Iterator[servers.Server]:
    if not servers.program(KIND):
        pytest.skip(f"{KIND} is not installed: scripts/setup mysql")
    with servers.start(KIND) as server:
        yield server


@dataclasses.dataclass
class Pulling:
    """A data folder with one source, and the commands on it."""

    data: pathlib.Path
    server: servers.Server

    def write_source(self, name: str = "orders", **settings: object) -> None:
        folder = self.data / "sources"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "password").write_text(servers.READER_PASSWORD + "\n")
        values = {"url": self.server.url(), "password_file": "password", "table": name} | settings
        lines = [f"{key} = {json.dumps(value)}" for key, value in values.items() if value is not None]
        (folder / f"{name}.toml").write_text("\n".join(lines) + "\n")

    def run(self, *arguments: str, check: bool = True, **options: object) -> subprocess.CompletedProcess[str]:
        done = subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=120, **options)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def pull(self, *arguments: str, check: bool = True) -> dict[str, object]:
        done = self.run("pull", "--data", str(self.data), "--json", *arguments, check=check)
        return json.loads(done.stdout.splitlines()[-1])

    @contextlib.contextmanager
    def serve(self) -> Iterator[str]:
        """A server on the data folder; its address."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = subprocess.Popen([BINARY, "serve", "--data", str(self.data), "--listen", f"127.0.0.1:{port}"],
                                   stdout=subprocess.DEVNULL)  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            deadline = time.monotonic() + START_SECONDS
            while True:
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(url + "/health", timeout=1).close()
                    break
                assert time.monotonic() < deadline and process.poll() is None, "the server did not start"
                time.sleep(0.05)
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def get(url: str) -> dict[str, object]:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.loads(answer.read())


def query(url: str, sql: str) -> list[list[object]]:
    """The rows of a statement."""
    request = urllib.request.Request(url + "/api/v1/query", json.dumps({"sql": sql}).encode(),
                                     {"Content-Type": "application/json"})  # fmt: skip
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())["rows"]


def wait_until(condition: object, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


@pytest.fixture
def pulling(source: servers.Server, tmp_path: pathlib.Path) -> Pulling:
    return Pulling(tmp_path / "data", source)
