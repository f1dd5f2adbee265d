"""A vertical scroll bar for any number of rows: where the thumb is, is the fraction of the way, in integers of rows.

Tk's own report fractions as doubles of a thumb that they make longer than it should be, so that neither the last row
nor the one that a drag began with can be relied upon.
"""

from __future__ import annotations

import tkinter
from collections.abc import Callable

WIDTH = 14
THUMB_MIN = 32


class ScrollBar(tkinter.Canvas):
    """set(top, visible, total) says where it is; `moved` is called with the row that is to be on top."""

    def __init__(self, parent: tkinter.Misc, moved: Callable[[int], None], *, trough: str, thumb: str,
                 active: str) -> None:  # fmt: skip
        super().__init__(parent, width=WIDTH, highlightthickness=0, borderwidth=0, background=trough)
        self._moved, self._colour, self._active = moved, thumb, active
        self._top, self._visible, self._total = 0, 1, 0
        self._grab: int | None = None
        self._thumb = self.create_rectangle(0, 0, 0, 0, fill=thumb, width=0)
        self.bind("<Button-1>", self._pressed)
        self.bind("<B1-Motion>", self._dragged)
        self.bind("<ButtonRelease-1>", self._released)
        self.bind("<Configure>", lambda event: self._draw())

    def set(self, top: int, visible: int, total: int) -> None:
        if (top, visible, total) != (self._top, self._visible, self._total):
            self._top, self._visible, self._total = top, visible, total
            self._draw()

    @property
    def _last_top(self) -> int:
        return max(0, self._total - self._visible)

    def _size(self) -> int:
        height = self.winfo_height()
        if self._total <= self._visible:
            return 0
        return min(height, max(THUMB_MIN, height * self._visible // self._total))

    def _place(self) -> int:
        return (self.winfo_height() - self._size()) * self._top // max(1, self._last_top)

    def _draw(self) -> None:
        size, place = self._size(), self._place()
        self.coords(self._thumb, 3, place + 2, WIDTH - 3, max(place + 2, place + size - 2))
        self.itemconfigure(self._thumb, state="normal" if size else "hidden")

    def _pressed(self, event: tkinter.Event[tkinter.Misc]) -> None:
        place, size = self._place(), self._size()
        if place <= event.y < place + size:
            self._grab = event.y - place
            self.itemconfigure(self._thumb, fill=self._active)
        else:  # beside the thumb: one page
            step = max(1, self._visible - 1)
            self._moved(max(0, min(self._last_top, self._top + (step if event.y > place else -step))))

    def _dragged(self, event: tkinter.Event[tkinter.Misc]) -> None:
        room = self.winfo_height() - self._size()
        if self._grab is None or room <= 0:
            return
        place = max(0, min(room, event.y - self._grab))
        self._moved((self._last_top * place + room // 2) // room)

    def _released(self, event: tkinter.Event[tkinter.Misc]) -> None:
        self._grab = None
        self.itemconfigure(self._thumb, fill=self._colour)
