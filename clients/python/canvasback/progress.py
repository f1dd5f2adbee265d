"""How far a long export or upload is: read from the server's job, drawn by tqdm, rich or on a terminal by ourselves."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from .errors import CanvasbackError

if TYPE_CHECKING:
    from .transport import Transport

INTERVAL_S = 0.2


@dataclass(frozen=True)
class Progress:
    """`rows_total`, `share` (0 to 1) and `eta_s` are None while unknown."""

    rows_done: int = 0
    rows_total: int | None = None
    bytes: int = 0
    share: float | None = None
    rows_per_second: float | None = None
    eta_s: float | None = None

    @classmethod
    def of(cls, job: dict[str, Any]) -> Progress:
        return cls(job["rows_done"], job["rows_total"], job["bytes"], job["share"], job["rows_per_second"],
                   job["eta_s"])  # fmt: skip


class Display(Protocol):
    def update(self, progress: Progress) -> None: ...
    def close(self) -> None: ...


Wanted = bool | Callable[[Progress], None]


class _Called:
    def __init__(self, callback: Callable[[Progress], None]) -> None:
        self.update = callback

    def close(self) -> None:
        pass


class _Tqdm:
    def __init__(self, what: str) -> None:
        from tqdm.auto import tqdm

        self._bar = tqdm(desc=what, unit=" rows", unit_scale=True, leave=False)

    def update(self, progress: Progress) -> None:
        self._bar.total = progress.rows_total
        self._bar.n = progress.rows_done
        self._bar.refresh()

    def close(self) -> None:
        self._bar.close()


class _Rich:
    def __init__(self, what: str) -> None:
        from rich.progress import Progress as Bars

        self._bars = Bars(transient=True)
        self._bars.start()
        self._task = self._bars.add_task(what, total=None)

    def update(self, progress: Progress) -> None:
        self._bars.update(self._task, completed=progress.rows_done, total=progress.rows_total)

    def close(self) -> None:
        self._bars.stop()


class _Line:
    """One line of a terminal, written over and removed at the end."""

    def __init__(self, what: str) -> None:
        self._what = what

    def update(self, progress: Progress) -> None:
        share = f"{progress.share:4.0%} " if progress.share is not None else ""
        sys.stderr.write(f"\r{self._what}: {share}{progress.rows_done:,} rows\x1b[K")
        sys.stderr.flush()

    def close(self) -> None:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def display_of(wanted: Wanted, what: str) -> Display | None:
    """True: tqdm's bar where it is installed, else rich's, else a line where stderr is a terminal; False: none; a
    function is called with each Progress."""
    if callable(wanted):
        return _Called(wanted)
    if not wanted:
        return None
    for make in (_Tqdm, _Rich):
        try:
            return make(what)
        except ImportError:
            continue
    return _Line(what) if sys.stderr.isatty() else None


class Watch:
    """Shows a job of the server on a thread of its own, until the end of the `with` block; what the display raises is
    raised there. The job is asked for by its token on another connection."""

    def __init__(self, transport: Transport, token: str, display: Display | None) -> None:
        self._transport, self._token, self._display = transport, token, display
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None
        self.job: dict[str, Any] | None = None

    def __enter__(self) -> Watch:
        if self._display is not None:
            self._thread = threading.Thread(target=self._run, name="canvasback-progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        if self._display is not None:
            if kind is None and self._error is None and self.finished():
                self._show()
            self._display.close()
        if kind is None and self._error is not None:
            raise self._error

    def finished(self, seconds: float = 5.0) -> bool:
        """Whether the job has ended; its last document is in `job`."""
        until = time.monotonic() + seconds
        while self._ask() and self.job is not None:
            if self.job["state"] not in ("queued", "running"):
                return True
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        return False

    def _ask(self) -> bool:
        try:
            self.job = self._transport.document("GET", f"/api/v1/jobs/{self._token}", retry=False)
            return True
        except CanvasbackError:
            return False  # not known yet, or expired: the answer itself tells whether it is complete

    def _show(self) -> None:
        if self.job is not None and self._display is not None:
            self._display.update(Progress.of(self.job))

    def _run(self) -> None:
        while not self._ended.wait(INTERVAL_S):
            if not self._ask():
                continue
            try:
                self._show()
            except BaseException as error:
                self._error = error
                return
