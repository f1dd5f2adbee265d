"""HTTP to one server, on the standard library: requests, streamed answers, retries. Below everything else here.

A connection is used by one request at a time and kept for the next one; each thread takes its own from the pool, so a
Transport can be shared. An answer that is not read to its end is closed with its connection, which is how the server
learns that the rest is no longer wanted: it stops the work within a quarter of a second.
"""

from __future__ import annotations

import contextlib
import contextvars
import http.client
import io
import json
import os
import socket
import ssl
import threading
import time
import urllib.parse
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any

from .errors import CanvasbackError, CanvasbackWarning, Interrupted, Unreachable, error_of

DEFAULT_URL = "http://localhost:8080"
RETRIES = 5
# Overload and a server that starts or stops; everything else would be refused again.
TRY_AGAIN = (429, 503)
IDLE_CONNECTIONS_MAX = 8
IDLE_SECONDS_MAX = 15.0
READ_BYTES = 1 << 20

class Scope:
    """The connections of some requests, so that another thread can end them all: those that wait, and later ones."""

    def __init__(self) -> None:
        self._connections: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        self._cancelled = False

    def add(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if self._cancelled:
                connection.close()
                raise Interrupted("cancelled")
            self._connections.append(connection)

    def remove(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if connection in self._connections:
                self._connections.remove(connection)

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            connections, self._connections = self._connections, []
        for connection in connections:
            if connection.sock is not None:
                # Wakes the thread that reads; closing alone would leave it waiting.
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)


# The scope of the requests that are made in this context, if there is one.
scope: contextvars.ContextVar[Scope | None] = contextvars.ContextVar("canvasback_scope", default=None)

Body = bytes | Callable[[], Iterable[bytes]] | None


class Answer(io.RawIOBase):
    """The body of an answer as a file that can only be read; `headers` by lower-case name.

    Raises Interrupted where the answer breaks off. close() before the end cancels the work on the server.
    """

    def __init__(self, transport: Transport, connection: http.client.HTTPConnection,
                 response: http.client.HTTPResponse) -> None:  # fmt: skip
        self._transport = transport
        self._connection: http.client.HTTPConnection | None = connection
        self._response = response
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.bytes_read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        if self._connection is None or not len(view):
            return 0
        with self._breaking_off():
            count = self._response.readinto(view)
        self.bytes_read += count
        if count == 0:
            self._ended()
        return count

    def read(self, size: int = -1, /) -> bytes:
        """At most so many bytes, fewer at the end only; without a size all of them. (As Arrow reads: without the
        detour over a buffer of io's own.)"""
        if size is None or size < 0:
            return self.readall()
        if self._connection is None or size == 0:
            return b""
        with self._breaking_off():
            data = self._response.read(size)
        self.bytes_read += len(data)
        if not data:
            self._ended()
        return data

    def read_buffer(self, size: int) -> bytearray | memoryview:
        """The same for pyarrow, which reads the bodies of batches so: straight from the socket, copied nowhere."""
        buffer = bytearray(size)
        view, filled = memoryview(buffer), 0
        while filled < size and (count := self.readinto(view[filled:])):
            filled += count
        return buffer if filled == size else view[:filled]

    @contextlib.contextmanager
    def _breaking_off(self) -> Iterator[None]:
        try:
            yield
        except (http.client.HTTPException, OSError) as error:
            self.close()
            raise Interrupted(str(error) or type(error).__name__) from error
        except BaseException:  # Ctrl-C: nobody will read the rest
            self.close()
            raise

    def readall(self) -> bytes:
        whole = bytearray()
        buffer = bytearray(READ_BYTES)
        while count := self.readinto(buffer):
            whole += memoryview(buffer)[:count]
        return bytes(whole)

    def _ended(self) -> None:
        connection, self._connection = self._connection, None
        remaining = self._response.length
        if remaining:
            if connection:
                connection.close()
            raise Interrupted(f"{remaining} bytes are missing")
        if connection:
            self._transport.give_back(connection, self._response)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._response.close()
            connection.close()
        super().close()


class Transport:
    """`url` may have a path (a proxy's), below which everything is asked for. `key` is sent as a bearer token."""

    def __init__(self, url: str | None = None, key: str | None = None, *, timeout_s: float = 300.0,
                 retries: int = RETRIES) -> None:  # fmt: skip
        self.url = (url or os.environ.get("CANVASBACK_URL") or DEFAULT_URL).rstrip("/")
        parts = urllib.parse.urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"url must be http://HOST[:PORT] or https://…, not {self.url!r}")
        self.secure = parts.scheme == "https"
        self.host: str = parts.hostname
        self.port: int = parts.port or (443 if self.secure else 80)
        self.prefix = parts.path
        self.key = key if key is not None else os.environ.get("CANVASBACK_KEY")
        self.timeout_s = timeout_s
        self.retries = retries
        self.owner: object = None  # kept alive with this: a private server
        self._idle: list[tuple[float, http.client.HTTPConnection]] = []
        self._lock = threading.Lock()
        self._pid = os.getpid()

    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def close(self) -> None:
        """Closes the connections that wait for a next request."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close()

    def give_back(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        if (own := scope.get()) is not None:
            own.remove(connection)
        if response.will_close or connection.sock is None:
            connection.close()
            return
        with self._lock:
            if len(self._idle) < IDLE_CONNECTIONS_MAX and self._pid == os.getpid():
                self._idle.append((time.monotonic(), connection))
                return
        connection.close()

    def _connection(self) -> tuple[http.client.HTTPConnection, bool]:
        """A connection, and whether it was used before (the server may have closed it meanwhile)."""
        with self._lock:
            if self._pid != os.getpid():  # after a fork the sockets are the parent's
                self._idle, self._pid = [], os.getpid()
            while self._idle:
                since, connection = self._idle.pop()
                if time.monotonic() - since < IDLE_SECONDS_MAX:
                    return connection, True
                connection.close()
        if self.secure:
            return http.client.HTTPSConnection(self.host, self.port, timeout=self.timeout_s,
                                               context=ssl.create_default_context()), False  # fmt: skip
        return http.client.HTTPConnection(self.host, self.port, timeout=self.timeout_s), False

    def _send(self, method: str, target: str, body: Body, headers: dict[str, str]) -> Answer:
        """One try. OSError and HTTPException where there was no answer."""
        while True:
            connection, used = self._connection()
            if (own := scope.get()) is not None:
                own.add(connection)
            data = body() if callable(body) else body
            try:
                with _refused_early():
                    connection.request(method, target, data, headers, encode_chunked=callable(body))
                response = connection.getresponse()
                return Answer(self, connection, response)
            except (http.client.RemoteDisconnected, ConnectionError):
                connection.close()
                # Only of a used connection can it be that the server had closed it before it saw the request.
                if not used or (body is not None and method != "GET"):
                    raise
            except BaseException:
                connection.close()
                raise

    def open(self, method: str, path: str, body: Body = None, headers: Mapping[str, str] | None = None, *,
             retry: bool | None = None, **parameters: Any) -> Answer:  # fmt: skip
        """The answer, its body not read yet. A refusal raises; overload (429, 503) is tried again, and so is a lost
        connection where repeating does no harm (`retry`; without it for GET alone)."""
        target = self.prefix + path + query_of(parameters)
        sent = {"Accept-Encoding": "identity", **self.authorization(), **(headers or {})}
        if callable(body):
            sent.setdefault("Transfer-Encoding", "chunked")
        repeatable = retry if retry is not None else method in ("GET", "HEAD")
        for attempt in range(self.retries):
            last = attempt + 1 == self.retries
            try:
                answer = self._send(method, target, body, sent)
            except (http.client.HTTPException, OSError) as error:
                if last or not repeatable or isinstance(error, TimeoutError):
                    raise Unreachable(self.url, str(error) or type(error).__name__) from error
                time.sleep(0.1 * 2**attempt)
                continue
            if answer.status < 400:
                self._tell_limits(answer)
                return answer
            refused = self._refusal(answer)
            in_use = refused.code == "IdempotencyKeyInUse"  # the answer was lost, the work goes on
            if last or not (refused.status in TRY_AGAIN or in_use) or retry is False:
                raise refused
            time.sleep(_pause(answer.headers.get("retry-after")))
        raise AssertionError("unreachable")

    def _refusal(self, answer: Answer) -> CanvasbackError:
        try:
            return error_of(answer.status, answer.readall())
        except Interrupted:
            return error_of(answer.status, b"")
        finally:
            answer.close()

    def _tell_limits(self, answer: Answer) -> None:
        left_out = answer.headers.get("x-left-out")
        if left_out:
            warnings.warn(f"Files that cannot be read are left out of this answer: {left_out}", CanvasbackWarning,
                          stacklevel=_outside())  # fmt: skip

    def document(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, *,
                 retry: bool | None = None, **parameters: Any) -> Any:  # fmt: skip
        """The JSON document of an answer. `body` is sent as JSON unless it is bytes or a function that gives them."""
        sent = dict(headers or {})
        if body is not None and not isinstance(body, bytes) and not callable(body):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        with self.open(method, path, body, sent, retry=retry, **parameters) as answer:
            text = answer.readall()
        return json.loads(text) if text else None

    def events(self, path: str) -> Iterator[tuple[str, Any]]:
        """Server-sent events as (name, document), until the server ends them."""
        with self.open("GET", path) as answer:
            name, data = "message", ""
            for line in io.BufferedReader(answer, 1 << 12):
                text = line.decode().rstrip("\r\n")
                if text.startswith("event:"):
                    name = text[6:].strip()
                elif text.startswith("data:"):
                    data += text[5:].strip()
                elif not text and data:
                    yield name, json.loads(data)
                    name, data = "message", ""


class _refused_early(contextlib.AbstractContextManager[None]):
    """A server that refuses a body while it is still sent answers and closes: the answer is worth more than EPIPE."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> bool:  # fmt: skip
        return isinstance(error, BrokenPipeError)


def query_of(parameters: Mapping[str, Any]) -> str:
    """`?a=b` of what is not None; what is not text is written as JSON."""
    texts = {name: value if isinstance(value, str) else json.dumps(value)
             for name, value in parameters.items() if value is not None}  # fmt: skip
    return "?" + urllib.parse.urlencode(texts) if texts else ""


def quoted(name: str) -> str:
    return urllib.parse.quote(name, safe="")


def _pause(retry_after: str | None) -> float:
    try:
        return min(30.0, float(retry_after or 1))
    except ValueError:
        return 1.0


def _outside() -> int:
    """The stack level of the caller outside this package, so that a warning points to the user's own line."""
    import sys

    level, frame = 1, sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] == "canvasback":
        if frame.f_back is None:
            break
        level, frame = level + 1, frame.f_back
    return level
