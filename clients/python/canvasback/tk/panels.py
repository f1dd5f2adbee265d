"""The parts around the table: filter bar, SQL box, status line, banner. Each says what was done by a callback."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from tkinter import ttk
from typing import Any

from . import theme
from .query import OPERATIONS, Term, default_operation


class FilterBar(ttk.Frame):
    """Conditions as chips, and a line to add one."""

    def __init__(self, parent: tkinter.Misc, changed: Callable[[tuple[Term, ...]], None]) -> None:
        super().__init__(parent, padding=(10, 0, 10, 6))
        self._changed = changed
        self._types: dict[str, str] = {}
        self.terms: tuple[Term, ...] = ()
        self.column = ttk.Combobox(self, state="readonly", width=20)
        self.operation = ttk.Combobox(self, state="readonly", width=10, values=list(OPERATIONS))
        self.value = ttk.Entry(self, width=24)
        self.add = ttk.Button(self, text="Add filter", command=self.added)
        for widget in (self.column, self.operation, self.value, self.add):
            widget.pack(side="left", padx=(0, 6))
        self._chips = ttk.Frame(self)
        self._chips.pack(side="left", fill="x", expand=True)
        self.column.bind("<<ComboboxSelected>>", lambda event: self._chosen())
        self.value.bind("<Return>", lambda event: self.added())

    def set_columns(self, columns: list[dict[str, str]]) -> None:
        types = {column["name"]: column["type"] for column in columns}
        if types != self._types:
            self._types = types
            self.column.configure(values=list(types))
            if types:
                self.column.set(next(iter(types)))
                self._chosen()

    def _chosen(self) -> None:
        self.operation.set(default_operation(self._types.get(self.column.get(), "")))

    def added(self) -> None:
        if self.column.get():
            self.set_terms((*self.terms, Term(self.column.get(), self.operation.get(), self.value.get())))
            self.value.delete(0, "end")
            self._changed(self.terms)

    def set_terms(self, terms: tuple[Term, ...]) -> None:
        self.terms = terms
        for chip in self._chips.winfo_children():
            chip.destroy()
        for term in terms:
            ttk.Button(self._chips, text=f"{term.text}  ×", style="Chip.TButton",
                       command=lambda gone=term: self._removed(gone)).pack(side="left", padx=2)  # type: ignore[misc]

    def _removed(self, gone: Term) -> None:
        self.set_terms(tuple(term for term in self.terms if term is not gone))
        self._changed(self.terms)


class SqlBox(ttk.Frame):
    """A statement, and what is wrong with it. Control-Return runs it."""

    def __init__(self, parent: tkinter.Misc, run: Callable[[str], None]) -> None:
        super().__init__(parent, padding=(10, 0, 10, 6))
        self._run = run
        self.text = tkinter.Text(self, height=4, font="TkFixedFont", undo=True, relief="flat", borderwidth=6,
                                 background=theme.PAPER, foreground=theme.INK, highlightthickness=1,
                                 highlightbackground=theme.LINE, highlightcolor=theme.ACCENT,
                                 insertbackground=theme.INK, wrap="word")  # fmt: skip
        self.text.pack(side="top", fill="x")
        self.text.tag_configure("wrong", underline=True, foreground=theme.ERROR)
        line = ttk.Frame(self)
        line.pack(side="top", fill="x", pady=(6, 0))
        self.button = ttk.Button(line, text="Run", style="Accent.TButton", command=self.run)
        self.button.pack(side="left")
        ttk.Label(line, text="Ctrl+Enter", style="Faint.TLabel").pack(side="left", padx=8)
        self.error = ttk.Label(line, style="Error.TLabel")
        self.error.pack(side="left", fill="x", expand=True)
        self.text.bind("<Control-Return>", self._return)

    def _return(self, event: Any) -> str:
        self.run()
        return "break"

    @property
    def statement(self) -> str:
        return self.text.get("1.0", "end-1c").strip()

    def run(self) -> None:
        self.show_error("", None)
        if self.statement:
            self._run(self.statement)

    def show_error(self, text: str, position: int | None) -> None:
        """`position`: byte of the statement."""
        self.error.configure(text=text)
        self.text.tag_remove("wrong", "1.0", "end")
        if position is not None:
            whole = self.text.get("1.0", "end-1c")
            spaces = len(whole) - len(whole.lstrip())
            at = spaces + len(whole.lstrip().encode()[:position].decode("utf-8", "ignore"))
            self.text.tag_add("wrong", f"1.0+{at}c", f"1.0+{at}c wordend")


class Banner(ttk.Frame):
    """One line above the table: the connection is lost, or something failed."""

    def __init__(self, parent: tkinter.Misc, retry: Callable[[], None]) -> None:
        super().__init__(parent, style="Banner.TFrame", padding=(12, 6))
        self.label = ttk.Label(self, style="Banner.TLabel")
        self.label.pack(side="left", fill="x", expand=True)
        self._button = ttk.Button(self, text="Try now", command=retry)

    def show(self, text: str, retry: bool = False) -> None:
        self.label.configure(text=text)
        if retry:
            self._button.pack(side="right")
        else:
            self._button.pack_forget()


class StatusLine(ttk.Frame):
    """Rows in sight, what the view is at, and the progress of an export, which can be stopped here."""

    def __init__(self, parent: tkinter.Misc, cancel: Callable[[], None]) -> None:
        super().__init__(parent, padding=(10, 4))
        self.rows = ttk.Label(self)
        self.rows.pack(side="left")
        self.note = ttk.Label(self, style="Faint.TLabel")
        self.note.pack(side="left", padx=14)
        self.server = ttk.Label(self, style="Faint.TLabel")
        self.server.pack(side="right")
        self._export = ttk.Frame(self)
        self.cancel = ttk.Button(self._export, text="Stop", command=cancel, style="Chip.TButton")
        self.cancel.pack(side="right")
        self.bar = ttk.Progressbar(self._export, length=180, maximum=1000)
        self.bar.pack(side="right", padx=8)
        self.progress = ttk.Label(self._export)
        self.progress.pack(side="right")

    def show_export(self, text: str, share: float | None) -> None:
        self._export.pack(side="right", padx=14)
        self.progress.configure(text=text)
        if share is None:
            self.bar.configure(mode="indeterminate")
            self.bar.step(12)
        else:
            self.bar.configure(mode="determinate", value=round(share * 1000))

    def hide_export(self) -> None:
        self._export.pack_forget()
