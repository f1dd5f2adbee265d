"""Requests as an adapter describes them, and one connection that asks and times them.

An adapter is the peer runner's: {"vars": {…}, "health": spec, "ops": {name: spec}}; a spec has path, method, headers,
json or body, in which {name} stands for a value.
"""

import dataclasses
import http.client
import json
import re
import socket
import time
import urllib.parse

BUFFER_BYTES = 1 << 20


class Failed(Exception):
    """An answer that is no success."""


@dataclasses.dataclass
class Timing:
    """Of one answer. seconds is to the last byte."""

    seconds: float
    first_byte_seconds: float
    bytes: int


def fill(part, values: dict, escape: bool = False):
    """A part of a spec with its values; a text that is nothing but {name} becomes the value with its type."""
    if isinstance(part, dict):
        return {key: fill(value, values) for key, value in part.items()}
    if not isinstance(part, str):
        return part
    whole = re.fullmatch(r"\{(\w+)\}", part)
    if whole and not escape:
        return values[whole.group(1)]

    def text(match):
        value = str(values[match.group(1)])
        return urllib.parse.quote(value, safe=",") if escape else value

    return re.sub(r"\{(\w+)\}", text, part)


def request_of(spec: dict, values: dict) -> tuple[str, str, bytes | None, dict]:
    """(method, path, body, headers)."""
    headers, body = dict(spec.get("headers", {})), None
    if "json" in spec:
        body = json.dumps(fill(spec["json"], values)).encode()
        headers.setdefault("Content-Type", "application/json")
    return spec.get("method", "POST" if body else "GET"), fill(spec["path"], values, escape=True), body, headers


class Connection:
    """One keep-alive connection; a context manager."""

    def __init__(self, port: int, timeout_seconds: float = 600):
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_seconds)
        self._buffer = memoryview(bytearray(BUFFER_BYTES))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._http.close()

    def ask(self, spec: dict, values: dict, keep: bool = False) -> tuple[Timing, bytes]:
        """One request and its whole answer; the body only where it is kept."""
        method, path, body, headers = request_of(spec, values)
        if self._http.sock is None:
            self._http.connect()
            self._http.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begin = time.perf_counter()
        self._http.request(method, path, body, headers)
        response = self._http.getresponse()
        first = time.perf_counter() - begin
        size, kept = 0, bytearray()
        while count := response.readinto(self._buffer):
            if keep or response.status >= 300:
                kept += self._buffer[:count]
            size += count
        seconds = time.perf_counter() - begin
        if not 200 <= response.status < 300:
            raise Failed(f"{method} {path}: {response.status} {bytes(kept[:300])!r}")
        return Timing(seconds, first, size), bytes(kept)
