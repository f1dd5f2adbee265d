"""The client's half of a WebSocket (RFC 6455) on the standard library: text out, text and binary in, no extensions."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import socket
import ssl
import struct
import threading
from typing import TYPE_CHECKING

from .errors import Unreachable, error_of

if TYPE_CHECKING:
    from .transport import Transport

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
ACCEPT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONNECT_SECONDS = 10.0
# The server pings every 20 seconds: a line that is silent for longer is dead.
SILENT_SECONDS_MAX = 60.0
FRAME_BYTES_MAX = 64 << 20


class Closed(Exception):
    """The connection ended."""


class WebSocket:
    """Connects when it is made; raises Unreachable, or the server's refusal. send() and close() from any thread,
    receive() from one."""

    def __init__(self, transport: Transport, path: str) -> None:
        self._lock = threading.Lock()
        try:
            raw = socket.create_connection((transport.host, transport.port), CONNECT_SECONDS)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket: socket.socket = raw
            if transport.secure:
                self._socket = ssl.create_default_context().wrap_socket(raw, server_hostname=transport.host)
            self._file = self._socket.makefile("rb", 1 << 16)
            self._shake_hands(transport, path)
        except OSError as error:
            raise Unreachable(transport.url, str(error)) from error
        self._socket.settimeout(SILENT_SECONDS_MAX)

    def _shake_hands(self, transport: Transport, path: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        default = 443 if transport.secure else 80
        host = transport.host if transport.port == default else f"{transport.host}:{transport.port}"
        lines = [f"GET {transport.prefix}{path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade",
                 f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13",
                 *(f"{name}: {value}" for name, value in transport.authorization().items())]  # fmt: skip
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        status = self._file.readline(1 << 16).split(b" ", 2)
        headers = {}
        while line := self._file.readline(1 << 16).strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        if len(status) < 2 or status[1] != b"101":
            body = self._file.read(int(headers.get("content-length", 0))) if len(status) > 1 else b""
            self.close()
            raise error_of(int(status[1]), body) if len(status) > 1 else ConnectionError("no answer")
        wanted = base64.b64encode(hashlib.sha1((key + ACCEPT).encode()).digest()).decode()
        if headers.get("sec-websocket-accept") != wanted:
            self.close()
            raise ConnectionError("this is no WebSocket")

    def send(self, text: str) -> None:
        """Raises Closed where the connection has ended."""
        self._send(TEXT, text.encode())

    def _send(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        if size < 126:
            head = bytes([0x80 | opcode, 0x80 | size])
        elif size < 1 << 16:
            head = bytes([0x80 | opcode, 0x80 | 126]) + struct.pack(">H", size)
        else:
            head = bytes([0x80 | opcode, 0x80 | 127]) + struct.pack(">Q", size)
        mask = os.urandom(4)
        repeated = (mask * (size // 4 + 1))[:size]
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(size, "big")
        try:
            with self._lock:
                self._socket.sendall(head + mask + masked)
        except OSError as error:
            raise Closed(str(error)) from error

    def _exactly(self, size: int) -> bytes:
        try:
            data: bytes | None = self._file.read(size)
        except (OSError, ValueError) as error:
            raise Closed(str(error)) from error
        if data is None or len(data) < size:
            raise Closed("the server closed the connection")
        return data

    def receive(self) -> tuple[int, bytes]:
        """The next message: TEXT or BINARY, and its bytes. Pings are answered. Raises Closed."""
        kind, parts, whole = 0, [], 0
        while True:
            first, second = self._exactly(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack(">H", self._exactly(2))
            elif size == 127:
                (size,) = struct.unpack(">Q", self._exactly(8))
            whole += size
            if whole > FRAME_BYTES_MAX:
                self.close()
                raise Closed(f"a message above {FRAME_BYTES_MAX >> 20} MiB")
            payload = self._exactly(size)
            opcode = first & 0x0F
            if opcode == PING:
                self._send(PONG, payload)
            elif opcode == CLOSE:
                self.close()
                raise Closed("the server closed the connection")
            elif opcode != PONG:
                kind = opcode or kind
                parts.append(payload)
                if first & 0x80:
                    return kind, payload if len(parts) == 1 else b"".join(parts)
            if opcode >= CLOSE:
                whole -= size

    def close(self) -> None:
        """Ends the connection; a thread in receive() gets Closed."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            self._socket.close()
