"""Load simulation: a number of clients, each with one connection, that ask again as soon as they have an answer.

pages: a scrolling grid, 200 rows at a time: mostly the next page, sometimes a jump. sql: groups over a week somewhere
in the table. Every client's requests follow from its number, so that two servers are asked the same.
"""

import dataclasses
import datetime
import random
import re
import selectors
import socket
import time
from collections.abc import Iterator

from harness.asking import request_of

PAGE_ROWS = 200
NEXT_PAGE_SHARE = 0.7
DAYS = 1080
RECEIVE_BYTES = 1 << 18


@dataclasses.dataclass
class Outcome:
    """Of one load: latencies in seconds, ascending."""

    wall_seconds: float
    latencies: list[float]
    errors: int

    @property
    def requests_per_second(self) -> float:
        return len(self.latencies) / self.wall_seconds

    def percentile_ms(self, percent: int) -> float:
        at = min(len(self.latencies) - 1, len(self.latencies) * percent // 100)
        return 1e3 * self.latencies[at] if self.latencies else float("nan")


def pages(spec: dict, values: dict, rows: int, seed: int) -> Iterator[bytes]:
    """The requests of one client that scrolls."""
    chance = random.Random(seed)
    offset = chance.randrange(max(1, rows - PAGE_ROWS))
    while True:
        jump = chance.random() >= NEXT_PAGE_SHARE
        offset = chance.randrange(max(1, rows - PAGE_ROWS)) if jump else min(offset + PAGE_ROWS, rows - PAGE_ROWS)
        yield wire(spec, {**values, "offset": offset, "limit": PAGE_ROWS})


def statements(spec: dict, values: dict, seed: int) -> Iterator[bytes]:
    """The requests of one client that groups."""
    chance = random.Random(seed)
    begin = datetime.datetime(2021, 1, 1)
    while True:
        first = begin + datetime.timedelta(days=chance.randrange(DAYS))
        by = chance.choice(["category", "country"])
        sql = (
            f"SELECT {by}, count(*) AS n, sum(amount) AS total FROM {values['sql_table']} WHERE ts >= TIMESTAMP "
            f"'{first}' AND ts < TIMESTAMP '{first + datetime.timedelta(days=7)}' GROUP BY {by} ORDER BY total DESC"
        )
        yield wire(spec, {**values, "sql": sql})


def wire(spec: dict, values: dict) -> bytes:
    method, path, body, headers = request_of(spec, values)
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"] + [f"{name}: {text}" for name, text in headers.items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")


class Client:
    """One connection: sends its next request and says when the answer is whole."""

    def __init__(self, port: int, requests: Iterator[bytes]):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.requests = requests

    def send(self) -> None:
        request = next(self.requests)
        self.data, self.end, self.at = bytearray(), None, 0
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> int | None:
        """The status when all is there, None while more is to come, 0 when the server hung up."""
        got = self.socket.recv(RECEIVE_BYTES)
        if not got:
            return 0
        self.data += got
        if self.end is None:
            self._read_head()
            if self.end is None:
                return None
        if self.end >= 0:
            return self.status if len(self.data) >= self.end else None
        return self._pass_chunks()

    def _read_head(self) -> None:
        at = self.data.find(b"\r\n\r\n")
        if at < 0:
            return
        head = bytes(self.data[:at]).lower()
        self.status, self.at = int(head[9:12]), at + 4
        length = re.search(rb"content-length: *(\d+)", head)
        self.end = at + 4 + int(length.group(1)) if length else -1

    def _pass_chunks(self) -> int | None:
        while (line := self.data.find(b"\r\n", self.at)) >= 0:
            size = int(bytes(self.data[self.at : line]).split(b";")[0], 16)
            if size == 0:  # trailers may follow, then an empty line
                return self.status if self.data.find(b"\r\n\r\n", line) >= 0 else None
            if len(self.data) < line + 4 + size:
                return None
            self.at = line + 4 + size
        return None


def run(port: int, sources: list[Iterator[bytes]], seconds: float) -> Outcome:
    """Every client asks from its source for so long; answers under way at the end are awaited and counted."""
    selector = selectors.DefaultSelector()
    clients = [Client(port, source) for source in sources]
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
    latencies, errors, live = [], 0, len(clients)
    begin = time.perf_counter()
    for client in clients:
        client.send()
    while live:
        ready = selector.select(60)
        if not ready:
            raise TimeoutError("a server did not answer for a minute")
        for key, _ in ready:
            client = key.data
            status = client.receive()
            if status is None:
                continue
            now = time.perf_counter()
            if status == 200:
                latencies.append(now - client.began)
            else:
                errors += 1
            if status != 0 and now - begin < seconds:
                client.send()
            else:
                selector.unregister(client.socket)
                live -= 1
    wall = time.perf_counter() - begin
    for client in clients:
        client.socket.close()
    return Outcome(wall, sorted(latencies), errors)
