"""Workbooks: every value and note against a model, the parts against the standard, other programs as second readers."""

import base64
import csv
import datetime as dt
import io
import math
import random
import shutil
import socket
import subprocess
import zipfile

import hard_table
import openpyxl
import pyarrow as pa
import pyarrow.parquet
import pytest
import xlsx_cases
import xlsx_model
from canonical import expected
from python_calamine import CalamineWorkbook
from serving import BINARY, FLIGHTS, wait_for
from xlsx_reader import Workbook

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CASES = 250
SOFFICE = shutil.which("soffice")
needs_office = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed (scripts/setup office)")


@pytest.fixture(scope="module")
def server(serve_module):
    return serve_module()


def workbook_of(answer):
    assert answer.status == 200, answer.body[:2000]
    assert answer.headers["content-type"] == MEDIA_TYPE
    return Workbook(answer.body)


def test_the_hard_table(server, oracle):
    """The torture sheet: each cell comes back or is on the Notes sheet."""
    sql = hard_table.select(72, list(hard_table.COLUMNS))
    kinds, columns = expected(oracle, sql)
    with workbook_of(server.sql(sql, format="xlsx")) as workbook:
        header, rows = workbook.table()
        assert header == [name + (" (UTC)" if name == "instant" else "") for name in columns]
        wanted = {}
        for i, (name, values) in enumerate(columns.items()):
            kind, unit_ns = kinds[name], 1
            if kind in ("double", "float"):
                values = [None if v is None else float.fromhex(v) if v != "nan" else math.nan for v in values]
            if kind == "time":
                unit_ns = 1000
            if kind == "blob":
                kind = lambda value: base64.b64encode(value).decode()  # noqa: E731
            kind = "timestamp" if kind == "timestamp_ns" else kind
            wanted[header[i]] = xlsx_model.check_column(kind, values, [row[i] for row in rows], unit_ns)
        xlsx_model.check_notes(workbook.notes(), wanted)
        assert len(workbook.notes()) > 15
        assert workbook.properties()["SQL"].startswith(sql[:100])


@pytest.fixture(scope="module")
def cases(serve_module, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cases")
    for seed in range(CASES):
        xlsx_cases.write_case(seed, folder / f"case_{seed}.parquet")
    return serve_module(*(folder / f"case_{seed}.parquet" for seed in range(CASES)))


def test_random_tables_come_back(cases):
    cells = 0
    for seed in range(CASES):
        compression = random.Random(seed).choice([None, "fast", "best"])
        answer = cases.rows(f"case_{seed}", format="xlsx", compression=compression)
        assert answer.status == 200, (seed, answer.body[:500])
        try:
            cells += xlsx_cases.check_case(seed, answer.body)
        except AssertionError as error:
            raise AssertionError(f"case {seed}") from error
    assert cells > 400_000


# --- Selections and ways to ask ------------------------------------------------------------------------------------


def test_export_is_a_download_of_the_selection(flights, oracle):
    parameters = {"columns": "date,delay,origin", "filter": {"origin": "SEA"}, "sort": "-delay,date", "limit": "700"}
    answer = flights.get("/api/v1/datasets/flights/export", format="xlsx", filename="Flüge aus SEA", **parameters)
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"Fl__ge aus SEA.xlsx\"; filename*=UTF-8''Fl%C3%BCge%20aus%20SEA.xlsx")  # fmt: skip
    with workbook_of(answer) as workbook:
        header, rows = workbook.table()
        assert (header, list(workbook.sheets), len(rows)) == (["date", "delay", "origin"], ["flights"], 700)
        wanted = oracle.execute("SELECT delay FROM flights WHERE origin = 'SEA' ORDER BY delay DESC, date LIMIT 700")
        assert [int(row[1][1]) for row in rows] == [delay for (delay,) in wanted.fetchall()]
        assert all(row[2] == ("t", "SEA") for row in rows)
        properties = workbook.properties()
        assert (properties["Dataset"], properties["Sort"], properties["title"]) == ("flights", "-delay,date", "flights")
        assert properties["Filter"] == '{"origin":"SEA"}' and "Exported" in properties
    sample = flights.rows("flights", format="xlsx", sample="500 rows", seed="4", columns="delay")
    with workbook_of(sample) as workbook:
        assert len(workbook.table()[1]) == 500 and workbook.properties()["Sample"] == "500 rows, seed 4"


def test_accept_header_and_compressions(server):
    answer = server.sql("SELECT 1 AS a", headers={"Accept": MEDIA_TYPE, "Accept-Encoding": "gzip, zstd"})
    assert "content-encoding" not in answer.headers
    workbook_of(answer)
    for compression in ("fast", "best"):
        workbook_of(server.sql("SELECT range FROM range(1000)", format="xlsx", compression=compression))
    for compression in ("none", "zstd", "gzip"):
        answer = server.sql("SELECT 1", format="xlsx", compression=compression)
        assert (answer.status, answer.code) == (400, "InvalidData")
    assert server.sql("SELECT 1", format="csv", compression="best").code == "InvalidData"


def test_command_line(tmp_path):
    out = tmp_path / "flights.xlsx"
    subprocess.run([BINARY, "export", FLIGHTS, "--out", out, "--limit", "5000", "--compression", "best"], check=True)
    with Workbook(out) as workbook:
        assert len(workbook.table()[1]) == 5000
    out = tmp_path / "query.xlsx"
    sql = "SELECT origin, count(*) AS n FROM flights_3m GROUP BY 1 ORDER BY 1"
    subprocess.run([BINARY, "query", sql, FLIGHTS, "--format", "xlsx", "--out", out], check=True)
    with Workbook(out) as workbook:
        header, rows = workbook.table()
        assert header == ["origin", "n"] and sum(int(row[1][1]) for row in rows) == 3_000_000
        assert list(workbook.sheets) == ["Query"]


# --- Sizes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", (1_048_575, 1_048_576))
def test_more_rows_than_a_sheet_has(server, count):
    with workbook_of(server.sql(f"SELECT range AS n FROM range({count})", format="xlsx")) as workbook:
        seen = 0
        for name in workbook.data_sheets():
            rows = workbook.rows(name)
            assert next(rows) == [("t", "n")] or next(rows)
            for row in rows:
                assert row[0][1] == str(seen), (name, seen, row)
                seen += 1
        assert seen == count
        assert workbook.data_sheets() == (["Query"] if count < 1_048_576 else ["Query", "Query (2)"])


def test_more_columns_than_a_sheet_has(serve, tmp_path):
    pyarrow.parquet.write_table(pa.table({f"c{i}": [i] for i in range(2000)}), tmp_path / "wide.parquet")
    server = serve(tmp_path / "wide.parquet")
    with workbook_of(server.rows("wide", format="xlsx")) as workbook:
        header, rows = workbook.table()
        assert len(header) == 2000 and [int(cell[1]) for cell in rows[0]] == list(range(2000))


def test_no_rows(server):
    with workbook_of(server.sql("SELECT 1 AS a, 'x' AS b WHERE false", format="xlsx")) as workbook:
        assert workbook.table() == (["a", "b"], [])


# --- Other readers ---------------------------------------------------------------------------------------------------

PLAIN = """SELECT range AS id, range * 1.25 AS price, (range * 7919 % 100003)::DECIMAL(12,2) AS money,
  'name ' || range % 50 AS name,
  CASE WHEN range % 7 = 0 THEN NULL ELSE 'note ' || range || ' <&> "é" 日本 😀 ' END AS note,
  range % 3 = 0 AS flag, DATE '2020-02-28' + (range % 5000)::INTEGER AS day,
  TIMESTAMP '2021-01-01' + INTERVAL 1 SECOND * range * 977 AS moment,
  TIME '08:00' + INTERVAL 1 SECOND * (range % 50000) AS clock,
  '=1+' || range AS formula, chr(9) || 'tab' || chr(10) || 'line' AS white
  FROM range({rows})"""  # fmt: skip


@pytest.fixture(scope="module")
def plain(server, oracle):
    """(workbook's bytes, header, rows as DuckDB has them)."""
    sql = PLAIN.format(rows=3000)
    relation = oracle.sql(sql)
    return server.sql(sql, format="xlsx").body, relation.columns, relation.fetchall()


def same(want, have):
    """Whether another reader's value is ours: it may have no integers, decimals or empty texts of its own."""
    if want is None:
        return have in (None, "")
    if isinstance(want, bool) or isinstance(have, bool):
        return want is have
    if isinstance(want, dt.datetime):
        if not isinstance(have, dt.datetime):  # what calamine makes of midnight
            have = dt.datetime.combine(have, dt.time())
        return abs(have - want) < dt.timedelta(milliseconds=1)
    if isinstance(want, dt.date):
        return (have.date() if isinstance(have, dt.datetime) else have) == want
    if isinstance(want, dt.time):
        return have == want
    return have == want if isinstance(want, str) else float(have) == float(want)


def compare(header, rows, got_header, got_rows):
    assert list(got_header) == list(header)
    assert len(got_rows) == len(rows)
    for number, (want, have) in enumerate(zip(rows, got_rows)):
        for name, a, b in zip(header, want, have):
            assert same(a, b), (number, name, a, b)


@pytest.mark.parametrize("read_only", (False, True))
def test_openpyxl_reads_the_same(plain, read_only):
    data, header, rows = plain
    workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=read_only)
    sheet = workbook["Query"]
    got = list(sheet.iter_rows(values_only=True))
    compare(header, rows, got[0], got[1:])
    if read_only:
        return
    assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref == "A1:K3001" and sheet["A1"].font.b
    assert not sheet["A2"].font.b and sheet["J2"].data_type in ("s", "inlineStr") and sheet["J2"].value == "=1+0"
    assert workbook.properties.creator == "Canvasback" and workbook.properties.title == "Query"
    assert [p.name for p in workbook.custom_doc_props.props] == ["Exported", "SQL"]


def test_calamine_reads_the_same(plain):
    data, header, rows = plain
    got = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name("Query").to_python(skip_empty_area=False)
    compare(header, rows, got[0], got[1:])


@needs_office
def test_libreoffice_reads_the_same(server, oracle, tmp_path):
    """Converted to csv by LibreOffice: numbers with all digits, texts, formats as they are shown."""
    sql = PLAIN.format(rows=200_000)
    (tmp_path / "plain.xlsx").write_bytes(server.sql(sql, format="xlsx").body)
    filter_ = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true,false,false,-1"
    subprocess.run([SOFFICE, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", filter_,
                    "--outdir", tmp_path, tmp_path / "plain.xlsx"], check=True, timeout=240,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    with open(tmp_path / "plain-Query.csv", newline="", encoding="utf-8") as file:
        header, *got = csv.reader(file)
    relation = oracle.sql(sql)
    rows = relation.fetchall()
    assert header == relation.columns and len(got) == len(rows)
    for number, (want, have) in enumerate(zip(rows, got)):
        for name, a, b in zip(header, want, have):
            text = {"flag": str(a).upper(), "day": str(a), "clock": str(a), "moment": str(a), "money": str(a)}.get(name)
            if text is None and not isinstance(a, (str, type(None))):
                assert math.isclose(float(b), float(a), rel_tol=1e-9), (number, name, a, b)
            else:
                assert b == (text if text is not None else a or ""), (number, name, a, b)


# --- Broken off ------------------------------------------------------------------------------------------------------


def test_a_client_that_leaves_at_any_moment_has_no_workbook_and_frees_the_worker(flights):
    target = b"/api/v1/datasets/flights/export?format=xlsx"
    rng = random.Random(3)
    for _ in range(12):
        stop_at = rng.choice([0, 1, 2000, rng.randrange(100_000), rng.randrange(20_000_000)])
        got = bytearray()
        with socket.create_connection(("127.0.0.1", flights.port), 30) as client:
            client.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % target)
            while len(got) < stop_at:
                got += client.recv(1 << 16)
        body = bytes(got).partition(b"\r\n\r\n")[2]
        with pytest.raises(zipfile.BadZipFile):
            zipfile.ZipFile(io.BytesIO(body))
        wait_for(lambda: not flights.get("/api/v1/queries").json()["queries"], seconds=1)
