"""A small WebSocket client for the stream (docs/stream.md): frames by hand, so that wrong ones can be sent too."""

import base64
import collections
import json
import os
import socket
import struct
import time

import pyarrow as pa

HEADER = struct.Struct("<BBHIQII")
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Closed(Exception):
    """The server ended the connection; `code` is the close code where it gave one."""

    def __init__(self, code=None):
        super().__init__(f"closed: {code}")
        self.code = code


class Rows:
    """A binary frame: header and rows."""

    def __init__(self, payload):
        (self.version, self.kind, self.flags, self.id, self.start, self.rows,
         self.duration_us) = HEADER.unpack_from(payload)  # fmt: skip
        self.bytes = len(payload)
        self.table = pa.ipc.open_stream(payload[HEADER.size:]).read_all()
        assert (self.version, self.kind) == (1, 1)
        assert self.table.num_rows == self.rows

    more = property(lambda self: bool(self.flags & 1))
    cut = property(lambda self: bool(self.flags & 2))


class Stream:
    """One connection. Answers are kept by the request's id until they are asked for."""

    def __init__(self, port, path="/api/v1/stream", headers=(), credits=True, timeout=60):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.give_credits = credits
        self.next_id = 1
        self.answers = collections.defaultdict(collections.deque)
        self.buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
                 f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", *headers]  # fmt: skip
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.buffer:
            data = self.socket.recv(65536)
            if not data:
                break
            self.buffer += data
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        self.head = head.decode("latin-1")
        self.status = int(self.head.split(" ", 2)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send_frame(self, opcode, payload, final=True):
        mask = os.urandom(4)
        size = len(payload)
        head = bytes([(0x80 if final else 0) | opcode])
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 65536:
            head += bytes([0x80 | 126]) + struct.pack(">H", size)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", size)
        whole = (mask * (size // 4 + 1))[:size]
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(size, "big")
        self.socket.sendall(head + mask + masked)

    def send(self, message):
        self.send_frame(TEXT, message.encode() if isinstance(message, str) else json.dumps(message).encode())

    def request(self, kind, body):
        """Sends a request under a new id; the id."""
        number = self.next_id
        self.next_id += 1
        self.send({"id": number, kind: body})
        return number

    def _take(self, size):
        while len(self.buffer) < size:
            data = self.socket.recv(1 << 20)
            if not data:
                raise Closed
            self.buffer += data
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def _frame(self):
        first, second = self._take(2)
        assert not second & 0x80, "a server's frames are not masked"
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack(">H", self._take(2))
        elif size == 127:
            (size,) = struct.unpack(">Q", self._take(8))
        return first & 0x0F, bool(first & 0x80), self._take(size)

    def receive(self):
        """The next message: a dict, or Rows. Pings are answered."""
        kind, pieces = None, []
        while True:
            opcode, final, payload = self._frame()
            if opcode == PING:
                self.send_frame(PONG, payload)
                continue
            if opcode == PONG:
                continue
            if opcode == CLOSE:
                raise Closed(struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else None)
            kind = opcode or kind
            pieces.append(payload)
            if not final:
                continue
            whole = b"".join(pieces)
            if kind == TEXT:
                return json.loads(whole)
            if self.give_credits:
                self.request("credits", 1)
            return Rows(whole)

    def answer(self, number, wanted=None, timeout=60):
        """The next message for this id that `wanted` accepts; others of it are dropped, those of other ids kept."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            while self.answers[number]:
                message = self.answers[number].popleft()
                if wanted is None or wanted(message):
                    return message
            message = self.receive()
            self.answers[message.id if isinstance(message, Rows) else message["id"]].append(message)
        raise TimeoutError(f"no answer to {number}")

    def open(self, **view):
        """Opens a view; its id."""
        return self.request("open", view)

    def ready(self, number, timeout=120):
        """Waits until a view is built, or has failed; its last message."""
        return self.answer(number, lambda message: "error" in message
                           or message.get("view", {}).get("state") in ("ready", "limited"), timeout)  # fmt: skip

    def ask(self, view, start, stop, **more):
        """Asks for a window; its id."""
        return self.request("window", {"view": view, "from": start, "to": stop, **more})

    def window(self, view, start, stop, **more):
        """The rows of a window, or the message in their place."""
        return self.answer(self.ask(view, start, stop, **more))
