"""The window: which dataset or statement is shown, and everything that is done with it.

The stream's thread and those of exports never touch widgets: what they have to say waits in a queue, which the window
looks into a hundred times a second.
"""

from __future__ import annotations

import argparse
import pathlib
import queue
import threading
import time
import tkinter
from collections.abc import Callable
from dataclasses import replace
from tkinter import filedialog, ttk
from typing import Any

from .. import __name__ as package
from ..client import Client
from ..conditions import quote
from ..errors import CanvasbackError
from ..progress import Progress
from ..relation import FORMATS
from ..server import serve
from ..stream import LOST, OPEN, Rows, Stream
from ..texts import text_of
from ..transport import Scope, scope
from . import theme
from .panels import Banner, FilterBar, SqlBox, StatusLine
from .query import Query, Term
from .rows import RowSource
from .table import Place, Table

POLL_MS = 10
SEARCH_PAUSE_MS = 350
COPY_ROWS_MAX = 20_000
MESSAGE_SECONDS = 8.0
FILE_TYPES = [("Parquet", "*.parquet"), ("CSV", "*.csv"), ("Excel", "*.xlsx"), ("NDJSON", "*.ndjson"),
              ("JSON", "*.json"), ("Arrow", "*.arrow")]  # fmt: skip


class App:
    """Everything of one window; `root` may be given by a program that has its own loop."""

    def __init__(self, client: Client, *, dataset: str | None = None, sql: str | None = None,
                 root: tkinter.Tk | None = None) -> None:  # fmt: skip
        self.client = client
        self.root = root or tkinter.Tk(className=package)
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._search_timer: str | None = None
        self._export: Scope | None = None
        self._ended = False
        self._message, self._message_until = "", 0.0
        self.query = Query(dataset=dataset, sql=sql)
        self.stream = Stream(client.transport, deliver=self._calls.put, status_changed=self._status_changed)
        self.source = RowSource(self.stream, self._source_changed)
        theme.apply(self.root)
        self._build()
        self.root.after(POLL_MS, self._poll)
        self._load_datasets()
        if dataset or sql:
            self._show(self.query)
        if sql:
            self.sql_box.text.insert("1.0", sql)
            self._toggle(self.sql_box, self.sql_button)

    def run(self) -> None:
        self.root.mainloop()

    def close(self) -> None:
        """Stops what is running on the server for this window, and closes it."""
        if not self._ended:
            self._ended = True
            if self._export is not None:
                self._export.cancel()
            self.stream.close()
            self.root.destroy()

    # --- Layout ----------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        root = self.root
        root.title("Canvasback")
        root.geometry("1280x800")
        root.minsize(640, 360)
        root.protocol("WM_DELETE_WINDOW", self.close)
        bar = ttk.Frame(root, padding=(10, 8))
        self.datasets = ttk.Combobox(bar, state="readonly", width=24)
        self.search = ttk.Entry(bar, width=28)
        self.filter_button = ttk.Button(bar, text="Filter", command=self._toggle_filter)
        self.sql_button = ttk.Button(bar, text="SQL", command=self._toggle_sql)
        self.export_button = ttk.Button(bar, text="Export…", command=self._choose_export)
        self.row_entry = ttk.Entry(bar, width=14)
        for widget in (ttk.Label(bar, text="Dataset"), self.datasets, ttk.Label(bar, text="Search"), self.search,
                       self.filter_button, self.sql_button, self.export_button):  # fmt: skip
            widget.pack(side="left", padx=(0, 8))
        self.row_entry.pack(side="right")
        ttk.Label(bar, text="Go to row").pack(side="right", padx=8)
        self.banner = Banner(root, self.stream.retry_now)
        self.filter_bar = FilterBar(root, self._filtered)
        self.sql_box = SqlBox(root, self.run_sql)
        self.table = Table(root, self.source, on_sort=self._sorted, on_rows=self._rows_shown, on_copy=self._copy,
                           settle=self._settle)  # fmt: skip
        self.status = StatusLine(root, self._stop_export)
        for place, frame in enumerate((bar, self.banner, self.filter_bar, self.sql_box, self.table, self.status)):
            frame.grid(row=place, column=0, sticky="nsew")
        root.rowconfigure(4, weight=1)
        root.columnconfigure(0, weight=1)
        for hidden in (self.banner, self.filter_bar, self.sql_box):
            hidden.grid_remove()
        self.datasets.bind("<<ComboboxSelected>>", lambda event: self.show_dataset(self.datasets.get()))
        self.search.bind("<KeyRelease>", lambda event: self._search_typed())
        self.search.bind("<Return>", lambda event: self._search_now())
        self.row_entry.bind("<Return>", lambda event: self._go())
        # X11's habit would be to go to the start of the line.
        root.bind_class("TEntry", "<Control-a>", _select_all)
        root.bind_class("Text", "<Control-a>", _select_all)
        root.bind("<Control-g>", lambda event: self._focus(self.row_entry))
        root.bind("<Control-f>", lambda event: self._focus(self.search))

    def _focus(self, entry: ttk.Entry) -> str:
        entry.focus_set()
        entry.selection_range(0, "end")
        return "break"

    def _toggle(self, panel: ttk.Frame, button: ttk.Button) -> None:
        if panel.winfo_ismapped() or panel.grid_info():
            panel.grid_remove()
            button.configure(style="TButton")
        else:
            panel.grid()
            button.configure(style="On.TButton")

    def _toggle_filter(self) -> None:
        self._toggle(self.filter_bar, self.filter_button)

    def _toggle_sql(self) -> None:
        if not self.sql_box.statement and self.query.dataset:
            self.sql_box.text.insert("1.0", f"SELECT * FROM {quote(self.query.dataset)}")
        self._toggle(self.sql_box, self.sql_button)

    # --- What other threads have to say ----------------------------------------------------------------------------

    def _poll(self) -> None:
        until = time.monotonic() + 0.02
        while time.monotonic() < until:
            try:
                call = self._calls.get_nowait()
            except queue.Empty:
                break
            call()
            if self._ended:
                return
        if not self._ended:
            self.root.after(POLL_MS, self._poll)

    def _settle(self, seconds: float) -> None:
        """Takes what arrives until all that is in sight is there, or the time is over."""
        until = time.monotonic() + seconds
        while not self.source.complete and (left := until - time.monotonic()) > 0:
            try:
                self._calls.get(timeout=left)()
            except queue.Empty:
                return

    def _in_thread(self, work: Callable[[], Any], done: Callable[[Any], None],
                   failed: Callable[[Exception], None]) -> None:  # fmt: skip
        def run() -> None:
            try:
                result = work()
            except Exception as error:
                self._calls.put(lambda error=error: failed(error))  # type: ignore[misc]
            else:
                self._calls.put(lambda: done(result))

        threading.Thread(target=run, name="canvasback-work", daemon=True).start()

    def _status_changed(self, status: str) -> None:
        if status == LOST:
            self.banner.show("The connection to the server is lost. Trying again…", retry=True)
            self.banner.grid()
        elif status == OPEN:
            self.banner.grid_remove()
            if not self.datasets["values"]:
                self._load_datasets()
        self._show_status()

    def _load_datasets(self) -> None:
        def done(found: list[dict[str, Any]]) -> None:
            names = [each["name"] for each in found]
            self.datasets.configure(values=names)
            if names and self.query == Query():
                self.show_dataset(names[0])

        self._in_thread(self.client.datasets, done, lambda error: None)

    # --- What is shown ---------------------------------------------------------------------------------------------

    def show_dataset(self, name: str) -> None:
        self.filter_bar.set_terms(())
        self.search.delete(0, "end")
        self._show(Query(dataset=name))

    def run_sql(self, statement: str) -> None:
        self.filter_bar.set_terms(())
        self.search.delete(0, "end")
        self._show(Query(sql=statement))

    def _show(self, query: Query) -> None:
        other = (query.dataset, query.sql) != (self.query.dataset, self.query.sql)
        self.query = query
        self.datasets.set(query.dataset or "")
        self.root.title(f"{query.title} – Canvasback")
        marks = {True: "▼", False: "▲"}
        several = len(query.order) > 1
        self.table.sort_marks = {name: marks[descending] + (str(place) if several else "")
                                 for place, (name, descending) in enumerate(query.order, 1)}  # fmt: skip
        if other:
            self.table.forget()
        else:
            self.table.scroll_to(0)
            self.table.select(None, None)
        self.source.show(query.view_spec())

    def _sorted(self, column: int, more: bool) -> None:
        self._show(self.query.sorted_by(self.source.columns[column]["name"], more))

    def _filtered(self, terms: tuple[Term, ...]) -> None:
        self._show(replace(self.query, terms=terms))

    def _search_typed(self) -> None:
        if self._search_timer is not None:
            self.root.after_cancel(self._search_timer)
        self._search_timer = self.root.after(SEARCH_PAUSE_MS, self._search_now)

    def _search_now(self) -> None:
        if self._search_timer is not None:
            self.root.after_cancel(self._search_timer)
            self._search_timer = None
        text = self.search.get()
        if text != self.query.search and self.query != Query():
            self._show(replace(self.query, search=text))

    def _note(self, text: str) -> None:
        """Says something in the status line for some seconds."""
        self._message, self._message_until = text, time.monotonic() + MESSAGE_SECONDS
        self._show_status()
        self.root.after(round(MESSAGE_SECONDS * 1000) + 50, self._show_status)

    def _go(self) -> None:
        text = self.row_entry.get().replace(",", "").replace(" ", "").replace("_", "")
        if text.isdecimal() and int(text) >= 1:
            self.table.go_to(int(text) - 1)
            self.table.body.focus_set()
        elif text:
            self._note(f"A row is a number from 1 to {self.source.rows:,}.")

    def _source_changed(self) -> None:
        if self.source.columns:
            self.filter_bar.set_columns(self.source.columns)
        self.table.schedule()
        self._show_status()

    def _rows_shown(self, first: int, last: int) -> None:
        self._show_status()

    def _show_status(self) -> None:
        source, state = self.source, self.source.state
        rows = source.rows
        if rows:
            last = min(rows, self.table.top + self.table.rows_fit)
            about = "" if state.get("rows_exact") or state["state"] == "limited" else "about "
            self.status.rows.configure(text=f"Rows {self.table.top + 1:,} to {last:,} of {about}{rows:,}")
        else:
            self.status.rows.configure(text="No rows" if state["state"] == "ready" else "")
        self.status.note.configure(text=self._state_text(state), style="Error.TLabel" if source.error else
                                    "Faint.TLabel")  # fmt: skip
        self.status.server.configure(text=f"{self.client.url}  ·  {self.stream.status}")
        error = source.error
        if self.query.sql is not None:
            # The place is marked in the statement: of the engine's drawing of it, the message is enough.
            self.sql_box.show_error(error.detail.partition("\n")[0] if error else "", error.position if error else None)

    def _state_text(self, state: dict[str, Any]) -> str:
        if self.source.error is not None:
            shown = self.query.sql is not None and self.sql_box.winfo_ismapped()
            return self.source.error.code + ("" if shown else f": {self.source.error.detail.partition(chr(10))[0]}")
        if time.monotonic() < self._message_until:
            return self._message
        if state["state"] == "limited":
            # What cannot be scrolled to is said, not left out silently.
            return f"Only the first {self.source.rows:,} of {state.get('rows') or '?'} rows. {state.get('detail', '')}"
        if state["state"] in ("opening", "building"):
            share = state.get("share")
            return "preparing…" if share is None else f"preparing, {share:.0%}"
        return f"{self.source.server_ms:.1f} ms" if self.source.server_ms else ""

    # --- Copy ------------------------------------------------------------------------------------------------------

    def _copy(self, upper: Place, lower: Place) -> None:
        """Copies whole values, loaded or not, as tab-separated lines; too many are refused, not cut."""
        view = self.source.view
        rows = lower.row - upper.row + 1
        if view is None:
            return
        if rows > COPY_ROWS_MAX:
            self._note(f"{rows:,} rows are too many to copy (at most {COPY_ROWS_MAX:,}): export.")
            return
        names = [column["name"] for column in self.source.columns]
        unique = len(set(names)) == len(names)
        chosen = slice(upper.column, lower.column + 1)
        lines: list[str] = []

        def arrived(part: Rows) -> None:
            columns = part.batch.columns if unique else part.batch.columns[chosen]
            lines.extend("\t".join(map(_cell_for_clipboard, row)) for row in zip(*columns))
            if part.fewer and part.count:
                ask(part.first + part.count)
                return
            self.root.clipboard_clear()
            self.root.clipboard_append("\n".join(lines))
            self._note(f"{len(lines):,} rows copied")

        def ask(first: int) -> None:
            view.window(first, lower.row + 1, columns=names[chosen] if unique else None, slot=None, arrived=arrived,
                        failed=lambda error: self._note(f"Not copied: {error.detail}"))  # fmt: skip

        ask(upper.row)

    # --- Export ----------------------------------------------------------------------------------------------------

    def _choose_export(self) -> None:
        name = (self.query.dataset or "result") + ".parquet"
        path = filedialog.asksaveasfilename(parent=self.root, initialfile=name, filetypes=FILE_TYPES,
                                            defaultextension=".parquet")  # fmt: skip
        if path:
            self.export(path)

    def export(self, path: str) -> None:
        """Writes what is shown to a file, in the background, with its progress in the status line."""
        if self._export is not None or self.query == Query():
            return
        if pathlib.Path(path).suffix.lower() not in FORMATS:
            self._note(f"The name must end in one of {', '.join(FORMATS)}.")
            return
        relation = self.query.relation(self.client, [dict(column) for column in self.source.columns])
        own = self._export = Scope()

        def work() -> Any:
            scope.set(own)
            return relation.export(path, progress=lambda progress: self._calls.put(lambda: self._exported(progress)))

        def done(receipt: Any) -> None:
            self._export_ended()
            self._note(f"{receipt.rows:,} rows, {receipt.bytes / 1e6:,.1f} MB: {receipt.path.name}")

        def failed(error: Exception) -> None:
            stopped = self._export is None
            self._export_ended()
            text = "Export stopped." if stopped else f"Not exported: {getattr(error, 'detail', None) or error}"
            self._note(text)

        self.export_button.state(["disabled"])
        self.status.show_export("starting…", None)
        self._in_thread(work, done, failed)

    def _exported(self, progress: Progress) -> None:
        if self._export is not None:
            of = f" of {progress.rows_total:,}" if progress.rows_total else ""
            left = f", {progress.eta_s:.0f} s left" if progress.eta_s else ""
            self.status.show_export(f"{progress.rows_done:,}{of} rows{left}", progress.share)

    def _stop_export(self) -> None:
        if self._export is not None:
            own, self._export = self._export, None
            own.cancel()

    def _export_ended(self) -> None:
        self._export = None
        self.status.hide_export()
        self.export_button.state(["!disabled"])


def _select_all(event: Any) -> str:
    if isinstance(event.widget, tkinter.Text):
        event.widget.tag_add("sel", "1.0", "end-1c")
    else:
        event.widget.selection_range(0, "end")
    return "break"


def _cell_for_clipboard(value: Any) -> str:
    """As spreadsheets take it: what has a tab, quote or line end is quoted, NULL is nothing."""
    if value is None:
        return ""
    text = text_of(value)
    return '"' + text.replace('"', '""') + '"' if any(each in text for each in '\t\n\r"') else text


def main(arguments: list[str] | None = None) -> None:
    """The command canvasback-tk."""
    parser = argparse.ArgumentParser(prog="canvasback-tk", description="A table of any number of rows.")
    parser.add_argument("source", nargs="*", help="a server's address (CANVASBACK_URL, else http://localhost:8080), or "
                        "files, for which a private server is started")
    parser.add_argument("--dataset", help="the dataset that is shown first")
    parser.add_argument("--sql", help="a statement whose result is shown first")
    parser.add_argument("--key", help="an API key (CANVASBACK_KEY)")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.source and not chosen.source[0].startswith(("http://", "https://")):
            client = serve(*chosen.source).client
        elif len(chosen.source) > 1:
            raise ValueError("one address of a server, or files")
        else:
            client = Client(chosen.source[0] if chosen.source else None, chosen.key)
        App(client, dataset=chosen.dataset, sql=chosen.sql).run()
    except (CanvasbackError, OSError, RuntimeError, ValueError, tkinter.TclError) as error:
        parser.exit(1, f"canvasback-tk: {error}\n")
