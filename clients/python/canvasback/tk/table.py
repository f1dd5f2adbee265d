"""The table: a header and a pool of cells that are repainted, never scrolled. The row on top is an integer, so that the
last of a billion rows is as exact as the first.

Cells are text items of a canvas, one for each place in sight; a repaint changes only those whose text is another. What
is drawn comes from a RowSource; what is in sight is told to it at each repaint.
"""

from __future__ import annotations

import time
import tkinter
import tkinter.font
from collections.abc import Callable
from dataclasses import dataclass
from tkinter import ttk
from typing import Any

from ..texts import is_number
from . import theme
from .rows import RowSource
from .scrollbar import ScrollBar

PADDING = 8
COLUMN_WIDTH_MIN, COLUMN_WIDTH_MAX, COLUMN_WIDTH_START_MAX = 48, 1200, 320
WHEEL_ROWS = 3
# Between two repaints: nobody sees more than sixty a second.
FRAME_S = 1 / 60
# How long a repaint waits for rows that are on their way, if the ones before came within this time.
SETTLE_S = 0.02
RESIZE_PIXELS = 5
SHIFT, CONTROL = 0x1, 0x4

Event = Any  # tkinter.Event, whose widget is of no matter here


@dataclass(frozen=True)
class Place:
    """A cell: row of the view, index of the column."""

    row: int
    column: int


@dataclass
class Slot:
    """A text item of the pool and what it shows."""

    item: int
    text: str = ""
    fill: str = ""
    x: int = -1
    anchor: str = ""


class Table(ttk.Frame):
    """`on_sort(column, more)` is called when a header is clicked (`more` with Shift), `on_rows(first, last)` when other
    rows are in sight (from 1), `on_copy(from, to)` when a selection is to be copied."""

    def __init__(self, parent: tkinter.Misc, source: RowSource, *, on_sort: Callable[[int, bool], None],
                 on_rows: Callable[[int, int], None], on_copy: Callable[[Place, Place], None],
                 settle: Callable[[float], None]) -> None:  # fmt: skip
        super().__init__(parent)
        self._source, self._on_sort, self._on_rows, self._on_copy = source, on_sort, on_rows, on_copy
        self._settle = settle
        self._sized: set[int] = set()
        self.top = 0
        self.left = 0  # pixels
        self.frames = 0
        self.complete_frames = 0
        self.sort_marks: dict[str, str] = {}
        self._widths: list[int] = []
        self._edges: list[int] = [0]  # left edges of the columns, and the last right edge
        self._names: list[tuple[str, str]] = []
        self._slots: dict[tuple[int, int], Slot] = {}
        self._gutter_slots: list[Slot] = []
        self._lines: list[int] = []
        self._shown: tuple[int, int] = (0, 0)
        self._painted_at = 0.0
        self._scheduled = False
        self._fitted = False
        self._anchor_place: Place | None = None
        self._focus_place: Place | None = None
        self._resizing: tuple[int, int, int] | None = None
        self._font = tkinter.font.nametofont("TkDefaultFont", self)
        self._glyphs: dict[str, int] = {}
        self.row_height = self._font.metrics("linespace") + 8
        self._build()

    def _build(self) -> None:
        self.header = tkinter.Canvas(self, height=2 * self.row_height - 6, background=theme.HEADER,
                                     highlightthickness=0)  # fmt: skip
        self.body = tkinter.Canvas(self, background=theme.PAPER, highlightthickness=0, takefocus=True)
        self.bar = ScrollBar(self, self.scroll_to, trough=theme.PANEL, thumb="#c3cad2", active=theme.ACCENT)
        self.across = ttk.Scrollbar(self, orient="horizontal", command=self._scroll_across)
        self.header.grid(row=0, column=0, sticky="ew")
        ttk.Frame(self).grid(row=0, column=1)
        self.body.grid(row=1, column=0, sticky="nsew")
        self.bar.grid(row=1, column=1, sticky="ns")
        self.across.grid(row=2, column=0, sticky="ew")
        self.rowconfigure(1, weight=1)
        self.columnconfigure(0, weight=1)
        self._selected = self.body.create_rectangle(0, 0, 0, 0, width=0, fill=theme.ACCENT_SOFT, state="hidden")
        self._focused = self.body.create_rectangle(0, 0, 0, 0, outline=theme.ACCENT, width=2, state="hidden")
        self._gutter_back = self.body.create_rectangle(0, 0, 0, 0, width=0, fill=theme.PANEL)
        body = self.body
        body.bind("<Configure>", lambda event: self.relayout())
        for widget in (body, self.header):
            widget.bind("<Button-4>", lambda event: self._wheel(event, -1))
            widget.bind("<Button-5>", lambda event: self._wheel(event, 1))
            widget.bind("<MouseWheel>", lambda event: self._wheel(event, -1 if event.delta > 0 else 1))
        self.bar.bind("<Button-4>", lambda event: self._wheel(event, -1))
        self.bar.bind("<Button-5>", lambda event: self._wheel(event, 1))
        body.bind("<Button-1>", self._pressed)
        body.bind("<B1-Motion>", self._dragged)
        body.bind("<Key>", self._key)
        self.header.bind("<Motion>", self._header_motion)
        self.header.bind("<Button-1>", self._header_pressed)
        self.header.bind("<B1-Motion>", self._header_dragged)
        self.header.bind("<ButtonRelease-1>", self._header_released)
        self.header.bind("<Double-Button-1>", self._header_double)

    # --- Where we are ----------------------------------------------------------------------------------------------

    @property
    def rows_fit(self) -> int:
        """Whole rows that fit."""
        return max(1, self.body.winfo_height() // self.row_height)

    @property
    def last_top(self) -> int:
        return max(0, self._source.rows - self.rows_fit)

    def scroll_to(self, row: int) -> None:
        """Brings a row to the top, as far as there are rows below it."""
        row = max(0, min(self.last_top, row))
        if row != self.top:
            self.top = row
            self.schedule()

    def go_to(self, row: int) -> None:
        """Selects a row (from 0) and brings it into the middle."""
        row = max(0, min(self._source.rows - 1, row))
        column = self._focus_place.column if self._focus_place else 0
        self.select(Place(row, column), Place(row, column))
        self.scroll_to(row - self.rows_fit // 2)

    def forget(self) -> None:
        """Another view: its first row, its own widths, nothing selected."""
        self.top = self.left = 0
        self._fitted = False
        self.select(None, None)

    def select(self, anchor: Place | None, focus: Place | None) -> None:
        self._anchor_place, self._focus_place = anchor, focus
        self.schedule()

    @property
    def selection(self) -> tuple[Place, Place] | None:
        """Upper left and lower right cell."""
        a, b = self._anchor_place, self._focus_place
        if a is None or b is None:
            return None
        return (Place(min(a.row, b.row), min(a.column, b.column)), Place(max(a.row, b.row), max(a.column, b.column)))

    # --- Painting --------------------------------------------------------------------------------------------------

    def schedule(self) -> None:
        """Repaints soon; many calls are one repaint."""
        if not self._scheduled:
            self._scheduled = True
            wait = self._painted_at + FRAME_S - time.monotonic()
            self.after(max(1, round(wait * 1000)), self._paint)

    def relayout(self) -> None:
        """Columns, widths or the size of the window are others."""
        names = [(column["name"], column["type"]) for column in self._source.columns]
        if names != self._names:
            self._names, self._fitted = names, False
            self._sized.clear()
            self._widths = [self._start_width(name, kind) for name, kind in names]
        self._edges = [0]
        for width in self._widths:
            self._edges.append(self._edges[-1] + width)
        self.left = max(0, min(self.left, self._edges[-1] - self._width_of_cells))
        self.schedule()

    @property
    def _gutter(self) -> int:
        return self._text_width(f"{max(self._source.rows, 1000):,}") + 2 * PADDING

    @property
    def _width_of_cells(self) -> int:
        return max(1, self.body.winfo_width() - self._gutter)

    def _columns_in_sight(self) -> range:
        right = self.left + self._width_of_cells
        found = [index for index in range(len(self._widths))
                 if self._edges[index + 1] > self.left and self._edges[index] < right]  # fmt: skip
        return range(found[0], found[-1] + 1) if found else range(0)

    def _paint(self) -> None:
        self._scheduled = False
        self._painted_at = time.monotonic()
        source = self._source
        if [(column["name"], column["type"]) for column in source.columns] != self._names:
            self.relayout()
        self.top = max(0, min(self.top, self.last_top))
        count = min(-(-self.body.winfo_height() // self.row_height), source.rows - self.top)
        columns = self._columns_in_sight()
        source.want(self.top, self.top + max(count, 1), columns.start, columns.stop)
        if source.rows and not source.complete and source.latency_s < SETTLE_S:
            self._settle(SETTLE_S)
        if not self._fitted:
            self._fit_to_rows(count)
        complete = self._paint_cells(count, columns)
        self._paint_gutter(count)
        self._paint_selection()
        self._paint_header(columns)
        self.bar.set(self.top, self.rows_fit, source.rows)
        self._paint_across()
        self.frames += 1
        self.complete_frames += complete and count > 0 and len(columns) > 0
        shown = (self.top + 1, self.top + min(count, self.rows_fit))
        if shown != self._shown:
            self._shown = shown
            self._on_rows(*shown)

    def _paint_across(self) -> None:
        total = max(1, self._edges[-1])
        if total <= self._width_of_cells:
            self.across.grid_remove()
        else:
            self.across.grid()
            self.across.set(self.left / total, min(1, (self.left + self._width_of_cells) / total))

    def _paint_cells(self, count: int, columns: range) -> bool:
        """Draws the cells in sight; False where some are not here yet."""
        cell, complete, gutter = self._source.cell, True, self._gutter
        too_narrow: dict[int, int] = {}
        wanted = set()
        for place, column in enumerate(columns):
            number = is_number(self._names[column][1])
            left = gutter + self._edges[column] - self.left
            x = left + self._widths[column] - PADDING if number else left + PADDING
            room, anchor = self._widths[column] - 2 * PADDING, "e" if number else "w"
            for line in range(count):
                found = cell(self.top + line, column)
                if found is None:
                    text, fill = "null", theme.NULL
                elif isinstance(found, str):
                    text, fill = self._cut(found, room), theme.INK
                    if number and text != found:
                        too_narrow[column] = max(too_narrow.get(column, 0), self._text_width(found))
                else:
                    text, fill, complete = "·", theme.NULL, False
                wanted.add((line, place))
                self._put((line, place), text, fill, x, anchor)
        for key, slot in self._slots.items():
            if key not in wanted and slot.text:
                slot.text = ""
                self.body.itemconfigure(slot.item, text="")
        self._paint_lines(count)
        self._widen(too_narrow)
        return complete

    def _widen(self, columns: dict[int, int]) -> None:
        """A number that is cut is another number: its column grows, unless somebody chose its width."""
        for column, width in columns.items():
            wanted = min(width + 2 * PADDING + 2, COLUMN_WIDTH_START_MAX)
            if column not in self._sized and wanted > self._widths[column]:
                self._widths[column] = wanted
                self.relayout()

    def _put(self, key: tuple[int, int], text: str, fill: str, x: int, anchor: str) -> None:
        call, path = self.tk.call, str(self.body)
        slot = self._slots.get(key)
        if slot is None:
            slot = self._slots[key] = Slot(self.body.create_text(0, 0, font=self._font))
            # Below the gutter, which hides what is scrolled behind it.
            self.body.tag_lower(slot.item, self._gutter_back)
        if slot.x != x:
            slot.x = x
            call(path, "coords", slot.item, x, key[0] * self.row_height + self.row_height // 2)
        if slot.text != text or slot.fill != fill or slot.anchor != anchor:
            slot.text, slot.fill, slot.anchor = text, fill, anchor
            call(path, "itemconfigure", slot.item, "-text", text, "-fill", fill, "-anchor", anchor)

    def _paint_lines(self, count: int) -> None:
        while len(self._lines) < count:
            y = (len(self._lines) + 1) * self.row_height - 1
            line = self.body.create_line(0, y, 10_000, y, fill=theme.LINE)
            self.body.tag_lower(line)
            self._lines.append(line)
        for index, line in enumerate(self._lines):
            self.body.itemconfigure(line, state="normal" if index < count else "hidden")

    def _paint_gutter(self, count: int) -> None:
        width, height = self._gutter, self.body.winfo_height()
        self.body.coords(self._gutter_back, 0, 0, width, height)
        while len(self._gutter_slots) < count:
            y = len(self._gutter_slots) * self.row_height + self.row_height // 2
            self._gutter_slots.append(Slot(self.body.create_text(0, y, anchor="e", font=self._font, fill=theme.FAINT)))
        for line, slot in enumerate(self._gutter_slots):
            text = f"{self.top + line + 1:,}" if line < count else ""
            if slot.text != text or slot.x != width:
                slot.text, slot.x = text, width
                self.tk.call(str(self.body), "itemconfigure", slot.item, "-text", text)
                self.tk.call(str(self.body), "coords", slot.item, width - PADDING,
                             line * self.row_height + self.row_height // 2)  # fmt: skip

    def _paint_selection(self) -> None:
        area, focus = self.selection, self._focus_place
        if area is None or focus is None or area[0].column >= len(self._widths):
            self.body.itemconfigure(self._selected, state="hidden")
            self.body.itemconfigure(self._focused, state="hidden")
            return
        for item, (upper, lower) in ((self._selected, area), (self._focused, (focus, focus))):
            last = min(lower.column, len(self._widths) - 1)
            # Canvas coordinates overflow far outside: what is out of sight is drawn just out of sight.
            first_line = max(-2, min(upper.row - self.top, 500))
            end_line = max(-1, min(lower.row + 1 - self.top, 501))
            left, right = self._edges[min(upper.column, last)] - self.left, self._edges[last + 1] - self.left
            self.body.coords(item, self._gutter + left, first_line * self.row_height, self._gutter + right,
                             end_line * self.row_height - 1)  # fmt: skip
            self.body.itemconfigure(item, state="normal")

    def _paint_header(self, columns: range) -> None:
        header, gutter = self.header, self._gutter
        marks = tuple(self.sort_marks.items())
        key = (columns, self.left, tuple(self._widths), marks, header.winfo_width(), gutter)
        if key == getattr(self, "_header_key", None):
            return
        self._header_key = key
        header.delete("all")
        height = 2 * self.row_height - 6
        for column in columns:
            name, kind = self._names[column]
            left, width = gutter + self._edges[column] - self.left, self._widths[column]
            mark = self.sort_marks.get(name, "")
            room = width - 2 * PADDING - (self._text_width(mark) + 4 if mark else 0)
            header.create_text(left + PADDING, height * 0.32, anchor="w", text=self._cut(name, room), font=self._font,
                               fill=theme.INK)  # fmt: skip
            header.create_text(left + PADDING, height * 0.72, anchor="w", text=self._cut(kind.lower(), width - PADDING),
                               font=self._small(), fill=theme.FAINT)  # fmt: skip
            if mark:
                header.create_text(left + width - PADDING, height * 0.32, anchor="e", text=mark, fill=theme.ACCENT,
                                   font=self._font)  # fmt: skip
            header.create_line(left + width - 1, 6, left + width - 1, height - 6, fill="#ccd3da")
        header.create_rectangle(0, 0, gutter, height, fill=theme.HEADER, width=0)
        header.create_line(0, height - 1, 10_000, height - 1, fill="#ccd3da")

    def _small(self) -> tkinter.font.Font:
        if not hasattr(self, "_small_font"):
            self._small_font = self._font.copy()
            self._small_font.configure(size=8)
        return self._small_font

    # --- Widths ----------------------------------------------------------------------------------------------------

    def _glyph(self, character: str) -> int:
        width = self._glyphs.get(character)
        if width is None:
            width = self._glyphs[character] = self._font.measure(character)
        return width

    def _text_width(self, text: str) -> int:
        return sum(map(self._glyph, text))

    def _cut(self, text: str, room: int) -> str:
        """As much of a text as there is room for."""
        used, glyphs = 0, self._glyphs
        for index, character in enumerate(text):
            width = glyphs.get(character)
            used += self._glyph(character) if width is None else width
            if used > room:
                room -= self._glyph("…")
                while index > 0 and used > room:
                    used -= self._glyph(text[index])
                    index -= 1
                return text[: index + 1] + "…" if used <= room and room > 0 else "…"
        return text

    def _start_width(self, name: str, kind: str) -> int:
        wanted = max(self._text_width(name) + 24, len(kind) * 6) + 2 * PADDING
        return max(COLUMN_WIDTH_MIN, min(wanted, COLUMN_WIDTH_START_MAX))

    def _fit_to_rows(self, count: int) -> None:
        """Once the first rows are here, each column is as wide as they need."""
        rows, columns = range(self.top, self.top + count), self._columns_in_sight()
        cells = {column: [self._source.cell(row, column) for row in rows] for column in columns}
        here = all(each is None or isinstance(each, str) for values in cells.values() for each in values)
        if not count or not columns or not here:
            return
        for column, values in cells.items():
            widest = max((self._text_width(value) for value in values if isinstance(value, str)), default=0)
            wanted = max(widest + 2 * PADDING + 6, self._start_width(*self._names[column]))
            if column not in self._sized:
                self._widths[column] = min(wanted, COLUMN_WIDTH_START_MAX)
        self._fitted = True
        self.relayout()

    # --- Mouse and keys --------------------------------------------------------------------------------------------

    def _wheel(self, event: Event, direction: int) -> str:
        if event.state & SHIFT:
            self._move_across(self.left + direction * 60)
        else:
            self.scroll_to(self.top + direction * WHEEL_ROWS)
        return "break"

    def _scroll_across(self, *what: str) -> None:
        if what[0] == "moveto":
            self._move_across(round(float(what[1]) * self._edges[-1]))
        else:
            step = self._width_of_cells if what[2] == "pages" else 60
            self._move_across(self.left + int(what[1]) * step)

    def _move_across(self, left: int) -> None:
        left = max(0, min(left, self._edges[-1] - self._width_of_cells))
        if left != self.left:
            self.left = left
            self.schedule()

    def _place_at(self, event: Event) -> Place | None:
        if not self._widths or not self._source.rows:
            return None
        row = self.top + max(0, min(event.y, self.body.winfo_height() - 1)) // self.row_height
        x = event.x - self._gutter + self.left
        last = len(self._widths) - 1
        column = next((index for index in range(last) if x < self._edges[index + 1]), last)
        return Place(min(row, self._source.rows - 1), column)

    def _pressed(self, event: Event) -> None:
        self.body.focus_set()
        place = self._place_at(event)
        if place is not None:
            self.select(self._anchor_place if event.state & SHIFT and self._anchor_place else place, place)

    def _dragged(self, event: Event) -> None:
        if event.y < 0:
            self.scroll_to(self.top - 1)
        elif event.y > self.body.winfo_height():
            self.scroll_to(self.top + 1)
        place = self._place_at(event)
        if place is not None and self._anchor_place is not None:
            self.select(self._anchor_place, place)

    def _key(self, event: Event) -> str | None:
        rows, columns, page = self._source.rows, len(self._widths), max(1, self.rows_fit - 1)
        if not rows or not columns:
            return None
        if event.state & CONTROL and event.keysym.lower() == "c":
            if self.selection:
                self._on_copy(*self.selection)
            return "break"
        if event.state & CONTROL and event.keysym.lower() == "a":
            self.select(Place(0, 0), Place(rows - 1, columns - 1))
            return "break"
        at = self._focus_place or Place(self.top, 0)
        moves = {"Up": (at.row - 1, at.column), "Down": (at.row + 1, at.column), "Prior": (at.row - page, at.column),
                 "Next": (at.row + page, at.column), "Home": (0, at.column), "End": (rows - 1, at.column),
                 "Left": (at.row, at.column - 1), "Right": (at.row, at.column + 1)}  # fmt: skip
        if event.keysym not in moves:
            return None
        row, column = moves[event.keysym]
        place = Place(max(0, min(rows - 1, row)), max(0, min(columns - 1, column)))
        self.select(self._anchor_place if event.state & SHIFT and self._anchor_place else place, place)
        self._reveal(place)
        return "break"

    def _reveal(self, place: Place) -> None:
        if place.row < self.top:
            self.scroll_to(place.row)
        elif place.row >= self.top + self.rows_fit:
            self.scroll_to(place.row - self.rows_fit + 1)
        left, right = self._edges[place.column], self._edges[place.column + 1]
        if left < self.left:
            self._move_across(left)
        elif right > self.left + self._width_of_cells:
            self._move_across(min(left, right - self._width_of_cells))

    def _header_column(self, event: Event) -> tuple[int | None, int | None]:
        """The column under the mouse, and the one whose right edge is."""
        x = event.x - self._gutter + self.left
        edge = next((index for index in range(len(self._widths)) if abs(x - self._edges[index + 1]) <= RESIZE_PIXELS),
                    None)  # fmt: skip
        inside = next((index for index in range(len(self._widths)) if self._edges[index] <= x < self._edges[index + 1]),
                      None)  # fmt: skip
        return (inside if event.x >= self._gutter else None), edge

    def _header_motion(self, event: Event) -> None:
        self.header.configure(cursor="sb_h_double_arrow" if self._header_column(event)[1] is not None else "")

    def _header_pressed(self, event: Event) -> None:
        inside, edge = self._header_column(event)
        if edge is not None:
            self._resizing = (edge, event.x, self._widths[edge])
        elif inside is not None:
            self._on_sort(inside, bool(event.state & SHIFT))

    def _header_dragged(self, event: Event) -> None:
        if self._resizing is not None:
            column, start, width = self._resizing
            self._sized.add(column)
            self._widths[column] = max(COLUMN_WIDTH_MIN, min(COLUMN_WIDTH_MAX, width + event.x - start))
            self.relayout()

    def _header_released(self, event: Event) -> None:
        self._resizing = None

    def _header_double(self, event: Event) -> None:
        _, edge = self._header_column(event)
        if edge is not None:
            self._sized.discard(edge)
            self._fitted = False
            self.schedule()
