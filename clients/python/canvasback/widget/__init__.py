"""The grid of the web app as a notebook widget (anywidget: Jupyter, JupyterHub, VS Code, Colab, marimo).

The grid in the browser talks to this kernel only, over the notebook's own channel; the kernel passes its messages on to
the server's WebSocket and the rows back. So it works behind any proxy and with a server that only this machine can
reach, and the key stays here.
"""

from __future__ import annotations

import pathlib
import threading
from typing import TYPE_CHECKING, Any

from ..errors import CanvasbackError
from ..frames import Missing
from ..stream import PATH
from ..websocket import BINARY, Closed, WebSocket

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise Missing("notebook", "the grid in a notebook") from error

if TYPE_CHECKING:
    from ..transport import Transport

FOLDER = pathlib.Path(__file__).parent / "static"
HEIGHT_PIXELS = 420


class Line:
    """One WebSocket of the grid, carried by the notebook's channel. A widget may be displayed several times, and each
    `view` of it may connect again: `key` is both."""

    def __init__(self, widget: Grid, key: tuple[str, int]) -> None:
        self._widget, self._key = widget, key
        self._socket: WebSocket | None = None
        self._waiting: list[str] = []
        self._lock = threading.Lock()
        self._ended = False
        threading.Thread(target=self._run, name="canvasback-widget", daemon=True).start()

    def send(self, text: str) -> None:
        with self._lock:
            if self._socket is None:
                self._waiting.append(text)
                return
            socket = self._socket
        try:
            socket.send(text)
        except Closed:
            socket.close()

    def close(self) -> None:
        with self._lock:
            self._ended = True
            if self._socket is not None:
                self._socket.close()

    def _run(self) -> None:
        try:
            socket = WebSocket(self._widget.transport, PATH)
            with self._lock:
                self._socket = socket
                waiting, self._waiting = self._waiting, []
                if self._ended:
                    socket.close()
            self._tell("open")
            for text in waiting:
                self.send(text)
            while True:
                kind, payload = socket.receive()
                if kind == BINARY:
                    self._tell("rows", buffers=[payload])
                else:
                    self._tell("text", text=payload.decode())
        except (Closed, CanvasbackError) as error:
            self._tell("closed", reason=str(error))

    def _tell(self, kind: str, buffers: list[bytes] | None = None, **members: Any) -> None:
        self._widget.send({"kind": kind, "view": self._key[0], "socket": self._key[1], **members}, buffers)


class Grid(anywidget.AnyWidget):
    """The rows of a view; `spec` as in docs/stream.md."""

    _esm = FOLDER / "widget.js"
    _css = FOLDER / "widget.css"
    spec = traitlets.Dict().tag(sync=True)
    height = traitlets.Int(HEIGHT_PIXELS).tag(sync=True)
    # What the grid in the browser shows now, for programs: {"sort": …, "filter": …, "search": …}.
    shown = traitlets.Dict().tag(sync=True)

    def __init__(self, transport: Transport, spec: dict[str, Any], *, height: int = HEIGHT_PIXELS) -> None:
        self.transport = transport
        self._lines: dict[tuple[str, int], Line] = {}
        super().__init__(spec=spec, height=height)
        self.on_msg(self._received)

    def _received(self, _widget: Any, content: Any, _buffers: Any) -> None:
        key = (str(content.get("view", "")), int(content["socket"]))
        kind = content["kind"]
        if kind == "open":
            self._lines[key] = Line(self, key)
        elif key in self._lines:
            if kind == "text":
                self._lines[key].send(str(content["text"]))
            elif kind == "close":
                self._lines.pop(key).close()

    def close(self) -> None:
        for line in list(self._lines.values()):
            line.close()
        self._lines.clear()
        super().close()
