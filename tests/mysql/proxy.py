"""A connection to a server that fails when a test says so: bytes go through it both ways, and behind a number of them
it is cut, stalls, or does what the test wants done at that moment.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

CHUNK = 16 * 1024
SMALL_BUFFER = 4096
DOWN, UP = "down", "up"  # from the server, to the server


class Proxy:
    """Takes connections on `port` for as long as the context lasts."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.passed = {DOWN: 0, UP: 0}  # bytes since the last arm() or reset()
        self.replaced: tuple[bytes, bytes] | None = None  # in what goes to the server; of one length
        self.fired = threading.Event()
        self.closed = threading.Event()
        self.links: list[socket.socket] = []
        self.lock = threading.Lock()
        self.direction = ""
        self.left = 0
        self.action: Callable[["Link"], None] | None = None
        self.bytes_a_second = 0.0
        threading.Thread(target=self.accept, daemon=True).start()

    def arm(self, direction: str, after: int, action: "Callable[[Link], None]") -> None:
        """Once, behind so many bytes in this direction, of whichever connection."""
        with self.lock:
            self.passed = {DOWN: 0, UP: 0}
            self.direction, self.left, self.action = direction, after, action
            self.fired.clear()

    def reset(self) -> None:
        with self.lock:
            self.passed = {DOWN: 0, UP: 0}
            self.action = None
            self.fired.clear()

    def accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket()
            if self.replaced:  # a test of slow readers: what is on the way must not hide them
                server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
            try:
                server.connect(("127.0.0.1", self.target))
            except OSError:
                client.close()
                server.close()
                continue
            link = Link(self, client, server)
            with self.lock:
                self.links += [client, server]
            threading.Thread(target=link.pump, args=(server, client, DOWN), daemon=True).start()
            threading.Thread(target=link.pump, args=(client, server, UP), daemon=True).start()

    def take(self, direction: str, count: int) -> tuple[int, "Callable[[Link], None] | None"]:
        """How many of the bytes go on before the fault, which is due then."""
        with self.lock:
            if self.action is None or direction != self.direction or count < self.left:
                if self.action is not None and direction == self.direction:
                    self.left -= count
                self.passed[direction] += count
                return count, None
            action, self.action = self.action, None
            self.passed[direction] += self.left
            return self.left, action

    def close(self) -> None:
        self.closed.set()
        self.listener.close()
        with self.lock:
            for one in self.links:
                one.close()


class Link:
    """One connection."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy, self.client, self.server = proxy, client, server

    def pump(self, source: socket.socket, target: socket.socket, direction: str) -> None:
        try:
            while data := source.recv(CHUNK):
                if direction == UP and self.proxy.replaced:
                    data = data.replace(*self.proxy.replaced)
                count, action = self.proxy.take(direction, len(data))
                target.sendall(data[:count])
                if self.proxy.bytes_a_second and direction == DOWN:
                    self.proxy.closed.wait(count / self.proxy.bytes_a_second)
                if action:
                    self.proxy.fired.set()
                    action(self)
                target.sendall(data[count:])
            target.shutdown(socket.SHUT_WR)
        except OSError:
            self.cut()

    def cut(self) -> None:
        """An ordinary end, for both sides."""
        for one in (self.client, self.server):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """The connection is gone without a word more."""
        for one in (self.client, self.server):
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.shutdown(socket.SHUT_RD)  # the other thread lets go of it
            one.close()

    def stall(self, seconds: float) -> None:
        self.proxy.closed.wait(seconds)


@contextlib.contextmanager
def between(target: int) -> Iterator[Proxy]:
    proxy = Proxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
