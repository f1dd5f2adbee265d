"""Windows of views over the WebSocket (docs/stream.md), for tables that scroll through any number of rows.

Views and windows outlive the connection: when it breaks it is opened again, views are opened anew and unanswered
windows asked for again. One thread reads; what it has to say goes through `deliver`, so that a program with an event
loop of its own can have it there:

    stream = Stream(client.transport, deliver=lambda call: loop.call_soon_threadsafe(call))
    view = stream.open(client["flights"].view_spec(), changed=show)
    view.window(0, 200, arrived=draw)
"""

from __future__ import annotations

import io
import itertools
import json
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .arrow import Batch, Field, read_batches
from .errors import BY_CODE, CanvasbackError, Unreachable
from .transport import Transport
from .websocket import BINARY, TEXT, Closed, WebSocket

PATH = "/api/v1/stream"
HEADER = struct.Struct("<BBHIQII")
RETRY_S, RETRY_S_MAX = 0.25, 3.0
FEWER, CUT = 1, 2
CONNECTING, OPEN, LOST, ENDED = "connecting", "open", "lost", "ended"

Call = Callable[[], None]


@dataclass
class Rows:
    """The answer to a window: rows from `first` on. `fewer`: the view has more there than a frame holds, ask for the
    rest. `whole_bytes`: column → bytes of the whole values where they are cut, None where they are not."""

    first: int
    batch: Batch
    fewer: bool
    whole_bytes: dict[str, list[int | None]]
    file_index: list[int] | None
    file_row: list[int] | None
    server_us: int

    @property
    def count(self) -> int:
        return self.batch.rows


class Window:
    """One request for rows. Exactly one of `arrived`, `failed` and `dropped` (superseded, cancelled) is called."""

    def __init__(self, view: View, request: dict[str, Any], arrived: Callable[[Rows], None],
                 failed: Callable[[CanvasbackError], None], dropped: Call) -> None:  # fmt: skip
        self.view, self.request = view, request
        self.arrived, self.failed, self.dropped = arrived, failed, dropped
        self.id = 0

    def cancel(self) -> None:
        self.view.stream._cancel(self)


class View:
    """An open view: `state` as the server last said it (docs/stream.md), `error` where it has failed."""

    def __init__(self, stream: Stream, spec: dict[str, Any], changed: Callable[[View], None]) -> None:
        self.stream, self.spec, self.changed = stream, spec, changed
        self.id = 0
        self.state: dict[str, Any] = {"state": "opening", "rows": None, "rows_exact": False, "share": None}
        self.error: CanvasbackError | None = None

    @property
    def columns(self) -> list[dict[str, str]]:
        return list(self.state.get("columns") or [])

    @property
    def rows(self) -> int | None:
        """How many can be had: of a limited view fewer than it has."""
        found: int | None = self.state.get("rows_available" if self.state["state"] == "limited" else "rows")
        return found

    def window(self, first: int, end: int, *, columns: list[str] | None = None, slot: int | None = 0,
               cell_bytes: int | None = None, row_ids: bool = False, arrived: Callable[[Rows], None],
               failed: Callable[[CanvasbackError], None] = lambda error: None,
               dropped: Call = lambda: None) -> Window:  # fmt: skip
        """Asks for rows `first` to `end` (exclusive, at most 20,000). A newer window of the same slot ends this one;
        with None for the slot none does. Texts above `cell_bytes` come cut."""
        request: dict[str, Any] = {"from": first, "to": end, "slot": slot}
        if columns is not None:
            request["columns"] = columns
        if cell_bytes is not None:
            request["cell_bytes"] = cell_bytes
        if row_ids:
            request["row_ids"] = True
        window = Window(self, request, arrived, failed, dropped)
        self.stream._ask(window)
        return window

    def close(self) -> None:
        self.stream._close(self)


class Stream:
    """One connection, kept up until close(). All methods from any thread; `changed` of the status and of views, and
    the callbacks of windows, come through `deliver` (without it on the reading thread)."""

    def __init__(self, transport: Transport, *, deliver: Callable[[Call], None] = lambda call: call(),
                 status_changed: Callable[[str], None] = lambda status: None) -> None:  # fmt: skip
        self._transport, self._deliver, self._status_changed = transport, deliver, status_changed
        self._lock = threading.RLock()
        self._ids = itertools.count(1)
        self._views: dict[int, View] = {}
        self._windows: dict[int, Window] = {}
        self._socket: WebSocket | None = None
        self._wake = threading.Event()
        self._ended = False
        self.status = CONNECTING
        self.error: CanvasbackError | None = None
        self._thread = threading.Thread(target=self._run, name="canvasback-stream", daemon=True)
        self._thread.start()

    def open(self, spec: dict[str, Any], changed: Callable[[View], None] = lambda view: None,
             replaces: View | None = None) -> View:  # fmt: skip
        """Opens a view; `replaces` is closed with it, its windows dropped."""
        with self._lock:
            view = View(self, spec, changed)
            view.id = next(self._ids)
            message: dict[str, Any] = dict(spec)
            if replaces is not None and self._views.get(replaces.id) is replaces:
                message["replaces"] = replaces.id
                self._forget(replaces)
            self._views[view.id] = view
            self._send({"id": view.id, "open": message})
            return view

    def retry_now(self) -> None:
        """Tries to connect at once instead of after the pause."""
        self._wake.set()

    def close(self) -> None:
        with self._lock:
            self._ended = True
            if self._socket is not None:
                self._socket.close()
        self._wake.set()

    def _ask(self, window: Window) -> None:
        with self._lock:
            if self._views.get(window.view.id) is not window.view:
                self._deliver(window.dropped)
                return
            window.id = next(self._ids)
            self._windows[window.id] = window
            self._send({"id": window.id, "window": {"view": window.view.id, **window.request}})

    def _cancel(self, window: Window) -> None:
        with self._lock:
            if self._windows.pop(window.id, None) is not None:
                self._send({"id": next(self._ids), "cancel": window.id})
                self._deliver(window.dropped)

    def _close(self, view: View) -> None:
        with self._lock:
            if self._views.get(view.id) is view:
                self._send({"id": next(self._ids), "close": view.id})
                self._forget(view)

    def _forget(self, view: View) -> None:
        self._views.pop(view.id, None)
        for number, window in list(self._windows.items()):
            if window.view is view:
                del self._windows[number]
                self._deliver(window.dropped)

    def _send(self, message: dict[str, Any]) -> None:
        # Without a connection nothing is lost: what still matters is sent when there is one.
        if self._socket is None:
            return
        try:
            self._socket.send(json.dumps(message))
        except Closed:
            self._socket.close()

    def _tell(self, status: str) -> None:
        if status != self.status:
            self.status = status
            self._deliver(lambda: self._status_changed(status))

    # --- The reading thread ----------------------------------------------------------------------------------------

    def _run(self) -> None:
        pause = RETRY_S
        while not self._ended:
            try:
                connected = WebSocket(self._transport, PATH)
            except CanvasbackError as error:
                self.error = error
                self._tell(LOST)
                self._wake.wait(pause)
                self._wake.clear()
                pause = min(2 * pause, RETRY_S_MAX)
                continue
            pause = RETRY_S
            self._connected(connected)
            try:
                while True:
                    self._receive(*connected.receive())
            except Closed as closed:
                self.error = Unreachable(self._transport.url, str(closed))
            finally:
                with self._lock:
                    self._socket = None
                connected.close()
            if not self._ended:
                self._tell(LOST)
        self._tell(ENDED)

    def _connected(self, socket: WebSocket) -> None:
        with self._lock:
            self._socket = socket
            if self._ended:
                socket.close()
            # Before anything is answered on the new connection: its ids are new.
            views, windows = list(self._views.values()), list(self._windows.values())
            self._views, self._windows = {}, {}
            self._tell(OPEN)
            for view in views:
                view.id = next(self._ids)
                self._views[view.id] = view
                self._send({"id": view.id, "open": view.spec})
            for window in windows:
                self._ask(window)

    def _receive(self, kind: int, payload: bytes) -> None:
        if kind == TEXT:
            self._receive_text(json.loads(payload))
        elif kind == BINARY:
            _, _, flags, number, first, _, server_us = HEADER.unpack_from(payload)
            with self._lock:
                window = self._windows.pop(number, None)
            try:
                if window is not None:
                    rows = rows_of(payload, flags, first, server_us)
                    self._deliver(lambda: window.arrived(rows))
            except ValueError as error:
                refused = CanvasbackError(0, {"code": "InvalidData", "detail": str(error)})
                if window is not None:
                    self._deliver(lambda: window.failed(refused))
            finally:
                with self._lock:
                    self._send({"id": next(self._ids), "credits": 1})

    def _receive_text(self, message: dict[str, Any]) -> None:
        number = message.get("id", 0)
        with self._lock:
            view = self._views.get(number)
            if view is not None and "view" in message:
                view.state = message["view"]
                self._deliver(lambda: view.changed(view))
            elif view is not None and "error" in message:
                view.error = problem(message["error"])
                self._forget(view)
                self._deliver(lambda: view.changed(view))
            elif (window := self._windows.get(number)) is not None and ("error" in message or "superseded" in message):
                del self._windows[number]
                if "superseded" in message:
                    self._deliver(window.dropped)
                elif message["error"].get("code") == "ViewChanged":
                    self._ask(window)  # the dataset's files are others now: the view will have this window
                else:
                    error = problem(message["error"])
                    self._deliver(lambda: window.failed(error))


def problem(document: dict[str, Any]) -> CanvasbackError:
    kind = BY_CODE.get(str(document.get("code")), CanvasbackError)
    return kind(int(document.get("status", 0)), document)


def rows_of(frame: bytes, flags: int, first: int, server_us: int) -> Rows:
    """A binary frame, its virtual columns apart."""
    batches = list(read_batches(io.BytesIO(memoryview(frame)[HEADER.size :])))
    fields: list[Field] = batches[0].fields
    columns = batches[1].columns if len(batches) > 1 else batches[0].columns
    own: list[int] = []
    whole: dict[str, list[int | None]] = {}
    special: dict[str, list[int]] = {}
    for index, field in enumerate(fields):
        virtual = field.metadata.get("canvasback.virtual")
        if virtual is None:
            own.append(index)
        elif virtual == "cell_bytes":
            whole[field.name.removeprefix("__bytes_")] = columns[index]
        else:
            special[virtual] = columns[index]
    rows = batches[1].rows if len(batches) > 1 else 0
    batch = Batch([fields[index] for index in own], [columns[index] for index in own], rows)
    return Rows(first, batch, bool(flags & FEWER), whole, special.get("file_index"), special.get("file_row"), server_us)
