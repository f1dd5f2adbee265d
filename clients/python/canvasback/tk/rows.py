"""The rows of one view as texts: a cache of blocks, and the windows that fill it. Knows nothing of widgets.

A block is 64 rows of 16 columns. One window of what is in sight is on its way at a time: when it arrives, whatever is
in sight by then is asked for, so that a thumb that is dragged over a billion rows asks for no more than the server
answers. One that takes long is superseded. The rows ahead are asked for once those in sight are there.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from ..errors import CanvasbackError
from ..stream import Rows, Stream, View, Window
from ..texts import line_of

BLOCK_ROWS: Final = 64
GROUP_COLUMNS: Final = 16
AHEAD_BLOCKS: Final = 4
CACHE_BYTES_MAX: Final = 12 << 20
CELL_BYTES_MAX: Final = 512
CELL_CHARACTERS_MAX: Final = 256
# What a cell takes beside its characters: the string and its place in a list.
CELL_BYTES: Final = 64
# A window that is not answered by then makes way for what is in sight now.
SUPERSEDE_S: Final = 0.15
WINDOW_BLOCKS_MAX: Final = 8
IN_SIGHT, AHEAD = 0, 1

Key = tuple[int, int]
Column = list[str | None]


class Missing:
    """A cell that is not here yet."""


MISSING: Final = Missing()


class RowSource:
    """Rows of the view that show() opened last. `changed` is called when cells, counts or errors have changed."""

    def __init__(self, stream: Stream, changed: Callable[[], None]) -> None:
        self._stream, self._changed = stream, changed
        self._cache: OrderedDict[Key, tuple[int, list[Column]]] = OrderedDict()
        self._bytes = 0
        self._windows: dict[int, tuple[Window, set[Key], float]] = {}
        self._sight: tuple[int, int, int, int] = (0, 0, 0, 0)
        self._travel = 1
        self._version: Any = None
        self.view: View | None = None
        self.columns: list[dict[str, str]] = []
        self.error: CanvasbackError | None = None
        self.server_ms = 0.0
        self.latency_s = 0.0  # from asking for what is in sight to its arrival, the last time

    @property
    def rows(self) -> int:
        return (self.view.rows if self.view else None) or 0

    @property
    def state(self) -> dict[str, Any]:
        return self.view.state if self.view else {"state": "opening", "rows": None, "rows_exact": False}

    @property
    def cached_bytes(self) -> int:
        return self._bytes

    @property
    def complete(self) -> bool:
        """Whether all that is in sight is here."""
        first, end, *_ = self._sight
        end = min(end, self.rows)
        return end <= first or not self._missing(first // BLOCK_ROWS, _ceil(end, BLOCK_ROWS))

    def show(self, spec: dict[str, Any]) -> None:
        """Opens a view in place of the one before, whose answers no longer count."""
        self._clear()
        self.columns, self.error, self._version, self.latency_s = [], None, None, 0.0
        self.view = self._stream.open(spec, self._view_changed, self.view)
        self._changed()

    def close(self) -> None:
        if self.view is not None:
            self.view.close()

    def cell(self, row: int, column: int) -> str | None | Missing:
        """The text of a cell, None for NULL. Never asks for anything."""
        block, group = row // BLOCK_ROWS, column // GROUP_COLUMNS
        entry = self._cache.get((block, group))
        if entry is None:
            return MISSING
        values = entry[1][column % GROUP_COLUMNS]
        at = row - block * BLOCK_ROWS
        return values[at] if at < len(values) else MISSING

    def want(self, first: int, end: int, first_column: int, end_column: int) -> None:
        """Says what is in sight: rows and columns, ends exclusive."""
        if first != self._sight[0]:
            self._travel = 1 if first > self._sight[0] else -1
        self._sight = (first, end, first_column, end_column)
        self._ask()

    # --- Windows ---------------------------------------------------------------------------------------------------

    def _view_changed(self, view: View) -> None:
        if view is not self.view:
            return
        version = view.state.get("version")
        if version is not None and self._version is not None and version != self._version:
            self._clear()
            self.columns = []
        self._version = version if version is not None else self._version
        if view.columns and not self.columns:
            self.columns = view.columns
        self.error = view.error
        self._changed()
        self._ask()

    def _clear(self) -> None:
        self._cache.clear()
        self._windows.clear()
        self._bytes = 0

    def _groups(self) -> range:
        _, _, first, end = self._sight
        if len({column["name"] for column in self.columns}) < len(self.columns):
            return range(0, _ceil(len(self.columns), GROUP_COLUMNS))  # names that are not unique choose nothing
        return range(first // GROUP_COLUMNS, _ceil(end, GROUP_COLUMNS))

    def _missing(self, first_block: int, end_block: int) -> set[Key]:
        keys = [(block, group) for block in range(first_block, end_block) for group in self._groups()]
        for key in keys:
            if key in self._cache:
                self._cache.move_to_end(key)
        return {key for key in keys if key not in self._cache}

    def _ask(self) -> None:
        if self.view is None or self.view.error or not self.columns or not self.rows:
            return
        first, end, *_ = self._sight
        end = min(end, self.rows)
        missing = self._missing(first // BLOCK_ROWS, _ceil(end, BLOCK_ROWS))
        if missing:
            waiting = self._windows.get(IN_SIGHT)
            ahead = self._windows.get(AHEAD)
            if waiting and (missing <= waiting[1] or time.monotonic() - waiting[2] < SUPERSEDE_S):
                return
            if not (ahead and missing <= ahead[1]):
                self._send(IN_SIGHT, missing)
        elif AHEAD not in self._windows:
            block = _ceil(end, BLOCK_ROWS) if self._travel > 0 else first // BLOCK_ROWS - AHEAD_BLOCKS
            last = _ceil(self.rows, BLOCK_ROWS)
            ahead_of = self._missing(max(0, block), min(last, block + AHEAD_BLOCKS))
            if ahead_of:
                self._send(AHEAD, ahead_of)

    def _send(self, slot: int, keys: set[Key]) -> None:
        assert self.view is not None
        first = min(block for block, _ in keys)
        end = min(max(block for block, _ in keys) + 1, first + WINDOW_BLOCKS_MAX)
        groups = sorted({group for _, group in keys})
        columns = [index for group in groups for index in self._columns_of(group)]
        every = len(columns) == len(self.columns)
        asked = {(block, group) for block in range(first, end) for group in groups}
        view, sent = self.view, time.monotonic()

        def arrived(rows: Rows) -> None:
            if view is self.view:
                self._windows.pop(slot, None)
                if slot == IN_SIGHT:
                    self.latency_s = time.monotonic() - sent
                self._keep(rows, groups)
                self.error, self.server_ms = None, rows.server_us / 1000
                self._changed()
                self._ask()

        def failed(error: CanvasbackError) -> None:
            if view is self.view:
                self._windows.pop(slot, None)
                if slot == IN_SIGHT:
                    self.error = error
                    self._changed()

        def dropped() -> None:
            current = self._windows.get(slot)
            if current and current[0] is window:
                del self._windows[slot]

        window = view.window(first * BLOCK_ROWS, end * BLOCK_ROWS, slot=slot, cell_bytes=CELL_BYTES_MAX,
                             columns=None if every else [self.columns[index]["name"] for index in columns],
                             arrived=arrived, failed=failed, dropped=dropped)  # fmt: skip
        self._windows[slot] = (window, asked, sent)

    def _columns_of(self, group: int) -> range:
        return range(group * GROUP_COLUMNS, min((group + 1) * GROUP_COLUMNS, len(self.columns)))

    def _keep(self, rows: Rows, groups: list[int]) -> None:
        texts = [texts_of(values, rows.whole_bytes.get(name)) for name, values in
                 zip(rows.batch.names, rows.batch.columns)]  # fmt: skip
        # Of an answer that was cut off, whole blocks only: the rest is asked for again.
        whole = rows.count // BLOCK_ROWS * BLOCK_ROWS
        end = whole if rows.fewer and whole else rows.count
        for start in range(0, end, BLOCK_ROWS):
            at = 0
            for group in groups:
                count = len(self._columns_of(group))
                part = [values[start : min(start + BLOCK_ROWS, end)] for values in texts[at : at + count]]
                at += count
                self._put(((rows.first + start) // BLOCK_ROWS, group), part)

    def _put(self, key: Key, columns: list[Column]) -> None:
        size = sum(CELL_BYTES * len(values) + sum(len(text) for text in values if text) for values in columns)
        old = self._cache.pop(key, None)
        self._bytes += size - (old[0] if old else 0)
        self._cache[key] = (size, columns)
        while self._bytes > CACHE_BYTES_MAX and len(self._cache) > 1:
            _, (gone, _) = self._cache.popitem(last=False)
            self._bytes -= gone


def texts_of(values: list[Any], whole_bytes: list[int | None] | None) -> Column:
    """One line a cell; one that the server has cut ends in an ellipsis."""
    found = [None if value is None else line_of(value, CELL_CHARACTERS_MAX) for value in values]
    if whole_bytes:
        for index, size in enumerate(whole_bytes):
            text = found[index]
            if size and text is not None and not text.endswith("…"):
                found[index] = text + "…"
    return found


def _ceil(number: int, unit: int) -> int:
    return -(-number // unit)
