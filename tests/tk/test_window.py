"""canvasback-tk in a real window: a billion rows by drag, keys, jump and wheel, exactly; speed and memory; sorting,
filters, search, SQL, export and copying against DuckDB; a server that goes and comes back. `make tk-test`.

CANVASBACK_PATIENCE=1 holds the speed to what a quiet machine must do.
"""

import os
import subprocess
import sys
import time

import duckdb
import pyarrow.csv
import pytest
from window import ROOT, Display, Window

sys.path.insert(0, str(ROOT / "tests/functional"))
from serving import BINARY, FLIGHTS, PATIENCE, Server  # noqa: E402

FILES, FILE_ROWS = 100, 10_000_000
ROWS = FILES * FILE_ROWS
MEMORY_BYTES_MAX = 100 << 20
FRAMES_PER_SECOND_MIN = 30
SQL = f"""SELECT i AS id, i % 97 AS n, (i % 1000) / 8.0::DOUBLE AS x, 'name ' || (i % 100) AS name,
  TIMESTAMP '2020-01-01' + INTERVAL (i % 86400) SECOND AS at, i % 3 = 0 AS flag,
  ['Malta', 'Kenya', NULL, 'Japan'][i % 4 + 1] AS country, DATE '2020-01-01' + (i % 1000)::INTEGER AS day,
  i % 7 AS a, i % 11 AS b, i % 13 AS c, i % 17 AS d FROM range({FILE_ROWS}) t(i)"""


@pytest.fixture(scope="module")
def display():
    one = Display()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A hundred hard links of one file of ten million rows are a dataset of a billion."""
    folder = tmp_path_factory.mktemp("billion")
    subprocess.run([BINARY, "query", SQL, "--format", "parquet", "--out", folder / "one.parquet"], check=True,
                   stderr=subprocess.DEVNULL)  # fmt: skip
    (folder / "links").mkdir()
    for number in range(FILES):
        os.link(folder / "one.parquet", folder / f"links/part-{number:03}.parquet")
    with Server(folder / "server", [f"billion={folder}/links/*.parquet", f"flights={FLIGHTS}"]) as one:
        yield one


@pytest.fixture(scope="module")
def billion(display, server):
    window = Window(display, server.url, dataset="billion")
    window.ready()
    assert window.ask("source.rows") == ROWS
    yield window
    window.close()


@pytest.fixture
def flights(display, server):
    window = Window(display, server.url, dataset="flights")
    window.ready()
    yield window
    window.close()


def id_on_top(window):
    return int(window.ask("source.cell(table.top, 0)"))


def test_drag_to_the_end_and_to_the_middle(billion, display):
    left, top, width, height = billion.place("table.bar")
    billion.ask("table.scroll_to(0)")
    billion.ready()
    x = left + width // 2
    display.tool("mousemove", x, top + 6, "mousedown", 1)
    for share in (0.2, 0.5, 0.9):
        display.tool("mousemove", x, top + round(height * share))
    display.tool("mousemove", x, top + height + 300, "mouseup", 1)
    billion.ready()
    assert billion.ask("table.top + table.rows_fit") == ROWS
    assert billion.ask(f"source.cell({ROWS - 1}, 0)") == str(FILE_ROWS - 1)
    display.shot("end")
    # Half of the way of the thumb is half of the rows, to the pixel.
    display.tool("mousemove", x, top + height - 6, "mousedown", 1, "mousemove", x, top + height // 2, "mouseup", 1)
    billion.ready()
    room = billion.ask("table.bar.winfo_height() - table.bar._size()")
    grab = height - 6 - room
    last_top = ROWS - billion.ask("table.rows_fit")
    assert billion.ask("table.top") == (last_top * (height // 2 - grab) + room // 2) // room
    assert id_on_top(billion) == billion.ask("table.top") % FILE_ROWS
    display.shot("middle")


def test_end_home_and_pages_by_keys(billion):
    billion.press("End")
    billion.ready()
    assert billion.ask("table.selection[1].row") == ROWS - 1 == billion.ask("table.top + table.rows_fit") - 1
    billion.press("Up", "Up")
    billion.wait(f"table.selection[1].row == {ROWS - 3}")
    billion.press("Home")
    billion.wait("table.top == 0 and table.selection[1].row == 0")
    billion.press("Next")
    billion.wait("table.selection[1].row == table.rows_fit - 1")


@pytest.mark.parametrize("row", [1, 123_456_789, 500_000_001, 999_999_999, ROWS])
def test_go_to_row(billion, row):
    billion.type("app.row_entry", f"{row:,}", "Return")
    billion.wait(f"table.selection is not None and table.selection[0].row == {row - 1}")
    billion.ready()
    assert billion.ask(f"source.cell({row - 1}, 0)") == str((row - 1) % FILE_ROWS)
    top, fit = billion.ask("[table.top, table.rows_fit]")
    assert top <= row - 1 < top + fit


def test_the_wheel_moves_by_exact_rows(billion):
    for start in (0, 600_000_000, ROWS - 1000):
        billion.ask(f"table.scroll_to({start})")
        billion.ready()
        billion.click("table.body", button=5)
        billion.wait(f"table.top == {start + 3}")
        billion.click("table.body", button=5, repeat=20)
        billion.wait(f"table.top == {start + 63}")
        billion.click("table.body", button=4, repeat=7)
        billion.wait(f"table.top == {start + 42}")
        billion.ready()
        assert id_on_top(billion) == (start + 42) % FILE_ROWS


def speed(window, scroll, seconds=3.0):
    """Frames with all of their rows, a second, while something scrolls."""
    window.ready()
    started, before = time.monotonic(), window.ask("table.complete_frames")
    while time.monotonic() - started < seconds:
        scroll()
    return (window.ask("table.complete_frames") - before) / (time.monotonic() - started)


def test_frames_per_second_while_scrolling(billion, display):
    billion.ask("table.scroll_to(400_000_000)")
    left, top, width, height = billion.place("table.body")
    display.tool("mousemove", left + width // 2, top + height // 2)
    wheel = speed(billion, lambda: display.tool("click", "--repeat", 100, "--delay", 12, 5))
    left, top, width, height = billion.place("table.bar")
    display.tool("mousemove", left + 7, top + billion.ask("table.bar._place()") + 8, "mousedown", 1)

    def wander():
        """Up and down over all of the billion, in one call of the tool, as a hand would."""
        words = []
        for step in [*range(0, 100, 1), *range(100, 0, -1)]:
            words += ["mousemove", str(left + 7), str(top + 20 + (height - 40) * step // 100), "sleep", "0.012"]
        display.tool(*words)

    drag = speed(billion, wander)
    display.tool("mouseup", 1)
    print(f"\nwheel {wheel:.0f}, drag {drag:.0f} complete frames/s, {billion.ask('rss()') / 2**20:.0f} MiB")
    for kind, found in (("wheel", wheel), ("drag", drag)):
        assert found >= FRAMES_PER_SECOND_MIN / PATIENCE, kind


def test_memory(billion):
    """After much scrolling, the cache is full and stays what it is."""
    for number in range(400):
        billion.ask(f"table.scroll_to({number * 2_345_678})")
    billion.ready()
    assert billion.ask("source.cached_bytes") <= 12 << 20
    assert billion.ask("rss()") <= MEMORY_BYTES_MAX


def header_at(window, column):
    return window.ask(f"table._gutter + table._edges[{column}] - table.left + 12")


def test_sort_filter_and_search(flights, display, tmp_path):
    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW f AS FROM '{FLIGHTS}'")
    value = lambda sql: connection.execute(sql).fetchone()[0]  # noqa: E731
    flights.click("table.header", x=header_at(flights, 1), y=10)
    flights.wait("source.state['state'] == 'ready' and app.query.order == (('delay', False),)")
    flights.ready()
    assert int(flights.ask("source.cell(0, 1)")) == value("SELECT min(delay) FROM f")
    flights.click("table.header", x=header_at(flights, 1), y=10)
    flights.wait("source.state['state'] == 'ready' and app.query.order == (('delay', True),)")
    flights.click("table.header", x=header_at(flights, 3), y=10, keys=["shift"])
    flights.wait("len(app.query.order) == 2 and source.state['state'] == 'ready'")
    flights.ready()
    assert int(flights.ask("source.cell(0, 1)")) == value("SELECT max(delay) FROM f")
    display.shot("sorted")
    flights.click("app.filter_button")
    flights.wait("app.filter_bar.winfo_ismapped()")
    flights.ask("[app.filter_bar.column.set('delay'), app.filter_bar.operation.set('>')]")
    flights.type("app.filter_bar.value", "600", "Return")
    flights.wait("app.query.terms and source.state.get('rows_exact') and source.state['state'] == 'ready'")
    assert flights.ask("source.rows") == value("SELECT count(*) FROM f WHERE delay > 600")
    flights.type("app.search", "sfo")
    flights.wait("app.query.search == 'sfo' and source.state['state'] == 'ready'")
    both = "delay > 600 AND (origin = 'SFO' OR destination = 'SFO')"
    assert flights.ask("source.rows") == value(f"SELECT count(*) FROM f WHERE {both}")
    flights.ready()
    display.shot("filtered")
    # What is exported is what is shown.
    flights.ask(f"app.export({str(tmp_path / 'shown.csv')!r})")
    flights.wait("app._export is None")
    assert pyarrow.csv.read_csv(tmp_path / "shown.csv").num_rows == value(f"SELECT count(*) FROM f WHERE {both}")
    flights.click("app.filter_bar._chips.winfo_children()[0]")
    flights.wait("not app.query.terms")


def test_export_with_progress_and_stopped(flights, tmp_path, display):
    seen = flights.ask("app.__dict__.setdefault('_seen', [])")
    assert seen == []
    flights.ask("setattr(app.status, 'show_export', (lambda old: lambda text, share: "
                "[app._seen.append([text, share]), old(text, share)])(app.status.show_export))")  # fmt: skip
    flights.ask(f"app.export({str(tmp_path / 'f.csv')!r})")
    flights.wait("len(app._seen) > 1 or app._export is None")
    display.shot("export")
    flights.wait("app._export is None")
    assert (tmp_path / "f.csv").stat().st_size > 50_000_000
    shares = [share for _, share in flights.ask("app._seen") if share is not None]
    assert shares and shares == sorted(shares) and shares[-1] == 1
    assert flights.note.startswith("3,000,000 rows")
    flights.ask(f"app.export({str(tmp_path / 'g.xlsx')!r})")
    flights.wait("app.status.bar.winfo_ismapped()")
    flights.click("app.status.cancel")
    flights.wait("app.status.note.cget('text') == 'Export stopped.'")
    assert not list(tmp_path.glob("g.xlsx*"))


def test_sql_box(flights, display):
    flights.click("app.sql_button")
    flights.wait("app.sql_box.winfo_ismapped()")
    statement = "SELECT origin, count(*) AS flights, avg(delay) AS mean FROM flights GROUP BY origin ORDER BY 2 DESC"
    flights.type("app.sql_box.text", statement)
    flights.display.tool("key", "ctrl+Return")
    flights.wait("app.query.sql is not None and source.state['state'] == 'ready'")
    flights.ready()
    wanted = duckdb.sql(f"SELECT origin, count(*) FROM '{FLIGHTS}' GROUP BY 1 ORDER BY 2 DESC LIMIT 1").fetchone()
    assert [flights.ask("source.cell(0, 0)"), int(flights.ask("source.cell(0, 1)"))] == list(wanted)
    display.shot("sql")
    flights.type("app.sql_box.text", "SELECT nobody FROM flights")
    flights.click("app.sql_box.button")
    flights.wait("source.error is not None")
    assert "nobody" in flights.ask("app.sql_box.error.cget('text')")
    display.shot("sql-error")


def test_copy(flights):
    flights.click("table.body", x=header_at(flights, 1), y=10)
    flights.wait("table.selection is not None")
    flights.press("shift+Down", "shift+Down", "shift+Right")
    flights.wait("table.selection[1] == Place(2, 2)")
    flights.press("ctrl+c")
    flights.wait("app.status.note.cget('text') == '3 rows copied'")
    rows = duckdb.sql(f"SELECT delay, distance FROM '{FLIGHTS}' LIMIT 3").fetchall()
    assert flights.ask("app.root.clipboard_get()") == "\n".join(f"{delay}\t{distance}" for delay, distance in rows)
    flights.press("ctrl+a")
    flights.press("ctrl+c")
    flights.wait("'too many to copy' in app.status.note.cget('text')")


def test_server_gone_and_back(display, tmp_path):
    with Server(tmp_path / "one", [f"flights={FLIGHTS}"]) as first:
        port = first.port
        window = Window(display, first.url, dataset="flights")
        window.ready()
        window.ask("table.scroll_to(2_000_000)")
        window.ready()
    try:
        window.wait("app.banner.winfo_ismapped()")
        display.shot("lost")
        window.ask("table.scroll_to(1_000_000)")
        with Server(tmp_path / "two", [f"flights={FLIGHTS}"], port=port):
            window.wait("not app.banner.winfo_ismapped() and app.stream.status == 'open'")
            window.ready()
            assert window.ask("table.top") == 1_000_000
            wanted = duckdb.sql(f"SELECT delay FROM '{FLIGHTS}' LIMIT 1 OFFSET 1000000").fetchone()[0]
            assert window.ask("source.cell(1_000_000, 1)") == str(wanted)
    finally:
        window.close()


def test_the_command_opens_files_with_a_server_of_its_own(display, tmp_path):
    """The window comes up with the file's name; what is no file is told."""
    (tmp_path / "seen.csv").write_text("a,b\n1,x\n2,y\n")
    environment = {**os.environ, "DISPLAY": display.name, "PYTHONPATH": str(ROOT / "clients/python"),
                   "CANVASBACK_BIN": BINARY}  # fmt: skip
    program = "from canvasback.tk import main; main(['seen.csv'])"
    process = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, env=environment)
    try:
        display.tool("search", "--sync", "--name", "^seen ")
        display.shot("file")
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait(30)
    wrong = subprocess.run([sys.executable, "-c", "from canvasback.tk import main; main(['/no/such/file.csv'])"],
                           env=environment, capture_output=True, text=True)  # fmt: skip
    assert wrong.returncode == 1 and wrong.stderr.startswith("canvasback-tk: "), wrong
