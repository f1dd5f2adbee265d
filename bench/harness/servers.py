"""Servers under measure: started for some operations, watched for CPU and memory, stopped by their process id."""

import dataclasses
import json
import os
import pathlib
import socket
import subprocess
import threading
import time

import psutil

from harness.asking import Connection, Failed

ROOT = pathlib.Path(__file__).resolve().parents[2]
START_SECONDS = 60
SAMPLE_SECONDS = 0.02
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
MIB = 2**20


@dataclasses.dataclass
class Subject:
    """A server that can be started. command runs in a shell with DATA_DIR and PORT in its environment."""

    name: str
    command: str
    adapter_path: pathlib.Path
    data: pathlib.Path

    def __post_init__(self):
        self.adapter = json.loads(self.adapter_path.read_text(encoding="utf-8"))

    def has(self, operation: str) -> bool:
        return operation in self.adapter["ops"]

    def start(self) -> "Running":
        return Running(self)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Running:
    """A started server; a context manager."""

    def __init__(self, subject: Subject):
        self.subject, self.port = subject, free_port()
        environment = {**os.environ, "DATA_DIR": str(subject.data), "PORT": str(self.port)}
        started = time.perf_counter()
        self.process = subprocess.Popen(["/bin/sh", "-c", "exec " + subject.command], env=environment,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        try:
            self._wait_for_health(started + START_SECONDS)
        except BaseException:
            self.stop()
            raise
        self.start_seconds = time.perf_counter() - started

    def _wait_for_health(self, deadline: float) -> None:
        while True:
            try:
                with self.connect() as connection:
                    connection.ask(self.subject.adapter["health"], {})
                return
            except (OSError, Failed):
                if self.process.poll() is not None or time.perf_counter() > deadline:
                    raise RuntimeError(f"{self.subject.name} does not start: {self.subject.command}") from None
                time.sleep(0.01)

    def connect(self) -> Connection:
        return Connection(self.port)

    def spec(self, operation: str) -> dict:
        return self.subject.adapter["ops"][operation]

    def values(self, **more) -> dict:
        return {**self.subject.adapter["vars"], **more}

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Watch:
    """CPU seconds and the highest memory (sum over the process tree, sampled) of a block of code; a context manager.

    anonymous is memory that belongs to the processes alone: resident less what is mapped from files.
    """

    def __init__(self, running: Running):
        self.root = psutil.Process(running.process.pid)
        self.peak_bytes = self.peak_anonymous_bytes = 0
        self.cpu_seconds = self.cpu_seconds_before = 0.0
        self._stop = threading.Event()

    def _processes(self) -> list[int]:
        try:
            return [self.root.pid] + [child.pid for child in self.root.children(recursive=True)]
        except psutil.Error:
            return [self.root.pid]

    def _sample(self, processes: list[int]) -> None:
        resident = anonymous = 0
        for process in processes:
            try:
                fields = pathlib.Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()
            except OSError:
                continue
            resident += int(fields[1]) * PAGE_BYTES
            anonymous += (int(fields[1]) - int(fields[2])) * PAGE_BYTES
        self.peak_bytes = max(self.peak_bytes, resident)
        self.peak_anonymous_bytes = max(self.peak_anonymous_bytes, anonymous)

    def _cpu(self) -> float:
        """Of the tree and of the children it has reaped."""
        ticks = 0
        for process in self._processes():
            try:
                text = pathlib.Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
            except OSError:
                continue
            ticks += sum(int(field) for field in text.rsplit(")", 1)[1].split()[11:15])
        return ticks / TICKS

    def _loop(self) -> None:
        processes, listed = self._processes(), time.monotonic()
        while not self._stop.wait(SAMPLE_SECONDS):
            if time.monotonic() - listed > 0.25:
                processes, listed = self._processes(), time.monotonic()
            self._sample(processes)

    def __enter__(self):
        self.cpu_seconds_before = self._cpu()
        self._sample(self._processes())
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self._sample(self._processes())
        self.cpu_seconds = self._cpu() - self.cpu_seconds_before

    def figures(self, requests: int) -> dict:
        return {
            "cpu_s": round(self.cpu_seconds / max(requests, 1), 6),
            "peak_mib": round(self.peak_bytes / MIB, 1),
            "anonymous_mib": round(self.peak_anonymous_bytes / MIB, 1),
        }
