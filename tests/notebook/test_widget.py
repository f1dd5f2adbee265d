"""The grid in a JupyterLab in Chromium, behind a proxy below a path: a billion rows, sorting, filters, copying, every
kind of frame. Run by `make wheel` with the wheel in a virtual environment of its own.
"""

import os
import pathlib
import re
import subprocess

import jupyter
import pytest
from playwright.sync_api import TimeoutError, expect, sync_playwright

import canvasback

FILES, FILE_ROWS = 100, 10_000_000
ROWS = FILES * FILE_ROWS
SHOTS = pathlib.Path(__file__).resolve().parents[2] / "build/notebook"
PATIENT_MS = 60_000


@pytest.fixture(scope="module")
def links(tmp_path_factory):
    """A hundred hard links of one file of ten million rows."""
    folder = tmp_path_factory.mktemp("billion")
    sql = f"SELECT i AS id, i % 97 AS n, 'name ' || (i % 100) AS name FROM range({FILE_ROWS}) t(i)"
    subprocess.run([canvasback.server.program(), "query", sql, "--format", "parquet", "--out", folder / "one.parquet"],
                   check=True, stderr=subprocess.DEVNULL)  # fmt: skip
    (folder / "links").mkdir()
    for number in range(FILES):
        os.link(folder / "one.parquet", folder / f"links/part-{number:03}.parquet")
    return folder / "links"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    one = jupyter.Lab(tmp_path_factory.mktemp("lab"))
    yield one
    one.stop()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=jupyter.CHROMIUM, args=["--no-sandbox"],
                                         ignore_default_args=["--hide-scrollbars"])  # fmt: skip
        yield one
        one.close()


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1400, "height": 1000},
                                  permissions=["clipboard-read", "clipboard-write"])  # fmt: skip
    page = context.new_page()
    page.set_default_timeout(PATIENT_MS)
    # On a busy machine JupyterLab may ask for the kernel before it knows which there are.
    dialog = page.locator("dialog.jp-Dialog")
    page.add_locator_handler(dialog, lambda: dialog.locator(".jp-mod-accept").click())
    yield page
    shot(page, "at-the-end-of-the-test")
    context.close()


def run(page, address, cells):
    """Opens a notebook and runs its cells; waits for the grid of the last one."""
    page.goto(address)
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for()
    for number in range(cells):
        # JupyterLab loses what is run while it is still connecting to the kernel: then once more.
        for last in (False, False, True):
            page.locator(".jp-Notebook .jp-CodeCell .jp-InputArea-editor").nth(number).click()
            page.keyboard.press("Shift+Enter")
            try:
                page.locator(".jp-CodeCell .jp-InputPrompt", has_text=re.compile(r"\[\d+\]")).nth(number).wait_for(
                    timeout=20_000)  # fmt: skip
                break
            except TimeoutError:
                if last:
                    raise
    page.locator(".canvasback-widget .cg-row .cg-cell").first.wait_for()


def cell(page, row, column):
    inside = f'[role="gridcell"][aria-colindex="{column + 2}"]'
    return page.locator(f'.cg-row[aria-rowindex="{row + 2}"] {inside}:not(.is-loading)')


def shot(page, name):
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


def rows_shown(page, count):
    expect(page.get_by_test_id("rows")).to_have_text(f"{count:,} rows", timeout=PATIENT_MS)


def test_a_billion_rows(page, lab, links):
    serve = f"server = cb.serve('billion={links}/*.parquet')"
    run(page, lab.notebook("billion.ipynb", "import canvasback as cb", serve,
                           "grid = cb.view(server.client['billion']); grid"), 3)  # fmt: skip
    rows_shown(page, ROWS)
    shot(page, "first")
    page.get_by_role("textbox", name="Row", exact=True).fill("1,000,000,000")
    page.keyboard.press("Enter")
    expect(cell(page, 999_999_999, 0)).to_have_text(str(FILE_ROWS - 1))
    shot(page, "last")
    grid = page.get_by_role("grid")
    grid.press("Control+Home")
    expect(cell(page, 0, 0)).to_have_text("0")
    grid.press("End")
    expect(cell(page, 999_999_999, 2)).to_have_text("name 99")
    page.get_by_role("textbox", name="Row", exact=True).fill("123456790")
    page.keyboard.press("Enter")
    expect(cell(page, 123_456_789, 0)).to_have_text("3456789")
    # A long cell keeps nobody from scrolling: messages of the widget have a thread of their own in the kernel.
    page.locator(".jp-Notebook .jp-InputArea-editor").last.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("import time; time.sleep(600)")
    page.keyboard.press("Shift+Enter")
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=busy]").first.wait_for()
    page.get_by_role("textbox", name="Row", exact=True).fill("777777778")
    page.keyboard.press("Enter")
    expect(cell(page, 777_777_777, 0)).to_have_text("7777777", timeout=20_000)
    assert page.locator(".jp-Notebook-ExecutionIndicator[data-status=busy]").count() == 1


def test_sort_filter_search_and_copy(page, lab):
    frame = ("frame = pl.DataFrame({'id': range(500_000)}).with_columns(x=(pl.col('id') * 7919) % 500_009, "
             "name='name ' + (pl.col('id') % 1000).cast(str))")  # fmt: skip
    run(page, lab.notebook("frame.ipynb", "import canvasback as cb, polars as pl", frame, "cb.view(frame)"), 3)
    rows_shown(page, 500_000)
    values = [i * 7919 % 500_009 for i in range(500_000)]
    head = page.locator(".cg-head").filter(has_text=re.compile("^x"))
    head.locator(".cg-name").click()
    expect(cell(page, 0, 1)).to_have_text(str(min(values)))
    head.locator(".cg-name").click()
    expect(cell(page, 0, 1)).to_have_text(str(max(values)))
    expect(cell(page, 0, 0)).to_have_text(str(values.index(max(values))))
    page.get_by_role("combobox", name="Column").select_option("x")
    page.get_by_role("combobox", name="Operation").select_option("<")
    page.get_by_role("textbox", name="Value").fill("1000")
    page.get_by_role("button", name="Add filter").click()
    rows_shown(page, sum(value < 1000 for value in values))
    page.get_by_role("searchbox", name="Search").fill("NAME 77")
    found = [(i, values[i]) for i in range(500_000) if values[i] < 1000 and "name 77" in f"name {i % 1000}"]
    rows_shown(page, len(found))
    found.sort(key=lambda pair: -pair[1])
    expect(cell(page, 0, 0)).to_have_text(str(found[0][0]))
    shot(page, "filtered")
    cell(page, 0, 0).click()
    grid = page.get_by_role("grid")
    grid.press("Shift+ArrowDown")
    grid.press("Shift+ArrowRight")
    grid.press("Control+c")
    expect(page.get_by_test_id("said")).to_have_text("Copied 2 rows.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "\n".join(f"{row}\t{value}" for row, value in found[:2])
    page.get_by_title("Remove this filter").click()
    rows_shown(page, sum("name 77" in f"name {i % 1000}" for i in range(500_000)))


FRAMES = ["pl.DataFrame({'a': [1, 2, 3]})", "pl.LazyFrame({'a': [1, 2, 3]})", "pa.table({'a': [1, 2, 3]})",
          "pd.DataFrame({'a': [1, 2, 3]})", "duckdb.sql('SELECT unnest([1, 2, 3]) AS a')",
          "type('Any', (), {'__arrow_c_stream__': pa.table({'a': [1, 2, 3]}).__arrow_c_stream__})()",
          "cb.serve().client.sql('SELECT unnest([1, 2, 3]) AS a')"]  # fmt: skip


def test_every_kind_of_frame(page, lab):
    """One grid below the other."""
    imports = "import canvasback as cb, polars as pl, pyarrow as pa, pandas as pd, duckdb"
    run(page, lab.notebook("frames.ipynb", imports, *(f"cb.view({frame}, height=160)" for frame in FRAMES)),
        1 + len(FRAMES))  # fmt: skip
    widgets = page.locator(".canvasback-widget")
    expect(widgets).to_have_count(len(FRAMES))
    for number in range(len(FRAMES)):
        widget = widgets.nth(number)
        widget.scroll_into_view_if_needed()
        expect(widget.get_by_test_id("rows")).to_have_text("3 rows", timeout=PATIENT_MS)
        expect(cell(widget, 2, 0)).to_have_text("3")


def test_nothing_came_from_elsewhere(lab):
    """Everything went through the proxy's path, the rows among it."""
    assert [path for path in lab.proxy.refused if not path.startswith("/favicon")] == []
