"""What the soak checks share: a server to measure, its memory as PSS, and raw HTTP clients of any speed."""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

BINARY = os.environ.get("CANVASBACK_BIN", "build/release/bin/canvasback")


class Server:
    """A `canvasback serve` of our own, on a free port of loopback, with a data folder of its own."""

    def __init__(self, paths, *flags):
        self.folder = tempfile.mkdtemp(prefix="canvasback-soak-")
        self.data = os.path.join(self.folder, "data")
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(
            [BINARY, "serve", *paths, "--listen", "127.0.0.1:0", "--data", self.data, *flags],
            stdout=subprocess.PIPE,
            stderr=self.log,
        )
        line = self.process.stdout.readline().decode()
        found = re.search(r":(\d+)$", line.strip())
        if not found:
            raise RuntimeError(f"no address in {line!r}; log: {open(self.log.name).read()[-2000:]}")
        self.port = int(found.group(1))

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def workers(self):
        """Process ids of the front's children."""
        pids = []
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{self.process.pid}/task/{task}/children") as f:
                pids += [int(p) for p in f.read().split()]
        return pids

    def get(self, target, timeout=60, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", target, headers=headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def query(self, sql, timeout=120, **members):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(
                "POST", "/api/v1/query", json.dumps({"sql": sql, **members}), {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def states(self):
        return [w["state"] for w in json.loads(self.get("/health")[2])["workers"]]

    def busy(self):
        return sum(s in ("busy", "parked") for s in self.states())

    def open_get(self, target, receive_buffer=None):
        """A socket that has asked and not read anything yet."""
        s = socket.socket()
        if receive_buffer:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        s.settimeout(120)
        s.connect(("127.0.0.1", self.port))
        s.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return s


def pss(pid):
    """Proportional set size in bytes; 0 once the process is gone."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            for line in f:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


class MemoryWatch:
    """Peak of front + the largest worker, and of all together, sampled every `period` seconds."""

    def __init__(self, server, period=0.1):
        self.server, self.period = server, period
        self.peak_pair = self.peak_worker = self.peak_all = 0
        self.stop = threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        return self

    def run(self):
        while not self.stop.is_set():
            front = pss(self.server.process.pid)
            try:
                workers = [pss(p) for p in self.server.workers()]
            except OSError:
                return
            largest = max(workers, default=0)
            self.peak_worker = max(self.peak_worker, largest)
            self.peak_pair = max(self.peak_pair, front + largest)
            self.peak_all = max(self.peak_all, front + sum(workers))
            self.stop.wait(self.period)

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()


def wait_until(condition, seconds, period=0.005):
    """Seconds until the condition held; None where it never did."""
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        if condition():
            return time.monotonic() - start
        time.sleep(period)
    return None


def read_at(s, bytes_per_second, seconds):
    """Reads at a steady rate for so long; returns the bytes read (fewer where the answer ended)."""
    start, total = time.monotonic(), 0
    while (left := start + seconds - time.monotonic()) > 0:
        s.settimeout(left)  # the answer may end before, on a connection that stays open
        try:
            got = s.recv(65536)
        except TimeoutError:
            break
        if not got:
            break
        total += len(got)
        ahead = total / bytes_per_second - (time.monotonic() - start)
        if ahead > 0:
            time.sleep(min(ahead, 1))
    return total
