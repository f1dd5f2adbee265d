"""Profiles: every count, null, bound and sum equals DuckDB's exact answer, and every stated error holds."""

import decimal
import json
import math
import subprocess

import hard_table
import polars
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
from serving import BINARY, FLIGHTS, wait_for

NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "UINTEGER", "UBIGINT", "DECIMAL")
QUOTED = '"{}"'.format


def profile(server, dataset, **parameters):
    answer = server.get(f"/api/v1/datasets/{dataset}/profile", **parameters)
    assert answer.status == 200, answer.body[:2000]
    return answer.json()


def shown(server, relation, expression, where="true"):
    """A value as the json format writes it: the profile must use the same form."""
    return server.value(f"SELECT {expression} FROM {relation} WHERE {where}")


def exact_sum(oracle, relation, name, where):
    """The sum of whole numbers or decimals, computed by Python."""
    values = oracle.execute(f"SELECT CAST({QUOTED(name)} AS VARCHAR) FROM {relation} WHERE {where}").fetchall()
    with decimal.localcontext(prec=100):
        return sum((decimal.Decimal(value) for (value,) in values if value is not None), decimal.Decimal(0))


def check_exact(server, oracle, relation, document, where="true", dataset=None):
    """Counts, nulls, bounds, sums, means and deviations against DuckDB over the same rows."""
    rows = oracle.execute(f"SELECT count(*) FROM {relation} WHERE {where}").fetchone()[0]
    assert document["rows"] == rows
    for column in document["columns"]:
        name, type_ = column["name"], column["type"]
        quoted = QUOTED(name)
        count = oracle.execute(f"SELECT count({quoted}) FROM {relation} WHERE {where}").fetchone()[0]
        assert (column["count"], column["nulls"]) == (count, rows - count), name
        if count == 0:
            assert column["min"] is None and column["max"] is None and column["sum"] is None, name
            continue
        if type_.endswith("]") or type_.startswith(("STRUCT", "MAP", "INTERVAL")) or column["min"] is None:
            continue
        for member in ("min", "max"):
            wanted = shown(server, dataset or relation, f"{member}({quoted})", where)
            got = column[member]
            if isinstance(got, str) and got.endswith("…"):
                assert wanted.startswith(got[:-1]), name
            else:
                assert got == wanted, (name, member)
        if type_.startswith(NUMBERS):
            total = exact_sum(oracle, relation, name, where)
            assert decimal.Decimal(str(column["sum"])) == total, name
            assert math.isclose(column["mean"], float(total / count), rel_tol=1e-14), name
        if type_ in ("DOUBLE", "FLOAT"):
            check_doubles(oracle, relation, column, where)
        elif column["std"] is not None:
            deviation = oracle.execute(
                f"SELECT stddev_samp({quoted}::DOUBLE) FROM {relation} WHERE {where}").fetchone()[0]  # fmt: skip
            assert math.isclose(column["std"], deviation, rel_tol=1e-9), name


def check_doubles(oracle, relation, column, where):
    found = oracle.execute(f"SELECT {QUOTED(column['name'])}::DOUBLE FROM {relation} WHERE {where}").fetchall()
    values = [value for (value,) in found if value is not None]
    if not all(map(math.isfinite, values)):
        assert column["sum"] in ("NaN", "Infinity", "-Infinity") and column["std"] is None
        assert column["nan"] == sum(map(math.isnan, values)) and column["infinite"] == sum(map(math.isinf, values))
        return
    try:
        total = math.fsum(values)
    except OverflowError:
        return
    assert math.isclose(column["sum"], total, rel_tol=1e-12), column["name"]


def check_stated_errors(oracle, relation, document, where="true"):
    """Distinct counts, quantiles and frequencies against the truth."""
    for column in document["columns"]:
        name = QUOTED(column["name"])
        if column["distinct"] is not None:
            distinct = oracle.execute(f"SELECT count(DISTINCT {name}) FROM {relation} WHERE {where}").fetchone()[0]
            if column["distinct_exact"]:
                assert column["distinct"] == distinct and column["distinct_error"] == 0, name
            else:
                assert abs(column["distinct"] - distinct) <= column["distinct_error"] * distinct, name
        for top in column["top"]:
            if isinstance(top["value"], bool) or column["type"] not in ("VARCHAR", "BIGINT", "INTEGER"):
                continue
            sql = f"SELECT count(*) FROM {relation} WHERE {name} = ? AND ({where})"
            count = oracle.execute(sql, [top["value"]]).fetchone()[0]
            assert abs(top["count"] - count) <= top.get("count_error", 0), (name, top)
        assert column["rank_error"] <= 0.01
        for probability, value in column.get("quantiles", {}).items():
            if value in ("NaN", "Infinity", "-Infinity") or column["type"].startswith("TIME "):
                continue
            below, up_to = oracle.execute(
                f"SELECT count(*) FILTER ({name} < v) / count({name}), count(*) FILTER ({name} <= v) / count({name}) "
                f"FROM {relation}, (SELECT CAST(? AS {column['type']}) AS v) WHERE {where}",
                [str(value)]).fetchone()  # fmt: skip
            error = 1e-9 if column["quantiles_exact"] else column["rank_error"]
            assert below - error <= float(probability) <= up_to + error, (name, probability, value)


def test_flights(flights, oracle):
    document = profile(flights, "flights")
    assert document["performance_metrics"]["method"] in ("column_scan", "cached_profile")
    check_exact(flights, oracle, "flights", document)
    check_stated_errors(oracle, "flights", document)
    by_name = {column["name"]: column for column in document["columns"]}
    assert sum(by_name["delay"]["histogram"]["counts"]) == pytest.approx(3_000_000, rel=0.001)
    assert by_name["origin"]["patterns"][0] == {"pattern": "A+", "share": 1.0}
    assert by_name["origin"]["length"] == {"min": 3, "max": 3, "mean": 3.0}


def test_a_filter_and_chosen_columns(flights, oracle):
    chosen = {"origin": "SEA", "delay": {"op": "gt", "value": 10}}
    document = profile(flights, "flights", filter=chosen, columns="delay,destination")
    assert [column["name"] for column in document["columns"]] == ["delay", "destination"]
    where = "origin = 'SEA' AND delay > 10"
    check_exact(flights, oracle, "flights", document, where)
    check_stated_errors(oracle, "flights", document, where)
    nothing = profile(flights, "flights", filter={"delay": {"op": "gt", "value": 10**9}})
    assert nothing["rows"] == 0 and all(column["count"] == 0 for column in nothing["columns"])


def test_a_summary_says_the_same_and_no_more(flights, oracle):
    document = profile(flights, "flights", type="summary")
    check_exact(flights, oracle, "flights", document)
    assert all("distinct" not in column and "top" not in column for column in document["columns"])


@pytest.fixture(scope="module")
def hard(oracle, serve_module, tmp_path_factory):
    """The hard table as Parquet of small row groups, and as Arrow with the types that Parquet lacks."""
    folder = tmp_path_factory.mktemp("profile")
    names = [name for name in hard_table.COLUMNS if name not in hard_table.NOT_IN_PARQUET]
    oracle.execute(f"CREATE OR REPLACE TEMP TABLE hard AS {hard_table.select(5000, names)}")
    oracle.execute(f"COPY hard TO '{folder}/hard.parquet' (ROW_GROUP_SIZE 2048)")
    oracle.execute(f"COPY (FROM hard LIMIT 0) TO '{folder}/none.parquet'")
    oracle.execute("CREATE OR REPLACE TEMP TABLE nulls AS SELECT NULL::BIGINT AS a, NULL::VARCHAR AS b, NULL::DOUBLE "
                   "AS c, NULL::DATE AS d, 'same' AS e FROM range(3000)")  # fmt: skip
    oracle.execute(f"COPY nulls TO '{folder}/nulls.parquet'")
    plain = ["big", "money", "fine", "real", "single", "flag", "words", "bytes", "moment", "instant", "small", "list",
             "struct"]  # fmt: skip
    oracle.execute("CREATE OR REPLACE TEMP TABLE plain AS SELECT id, " + ", ".join(plain) + " FROM hard")
    pq.write_table(oracle.sql("FROM plain").to_arrow_table(), folder / "plain.parquet", row_group_size=700)
    with pa.ipc.new_file(str(folder / "plain_arrow.arrow"), oracle.sql("FROM plain").to_arrow_table().schema) as out:
        out.write_table(oracle.sql("FROM plain").to_arrow_table())
    return serve_module(*sorted(folder.iterdir()))


@pytest.mark.parametrize("dataset,relation", [("hard", "hard"), ("plain", "plain"), ("plain_arrow", "plain"),
                                              ("none", "(FROM hard LIMIT 0)"), ("nulls", "nulls")])  # fmt: skip
@pytest.mark.parametrize("type_", ["summary", "profile", "quality"])
def test_hard_values(hard, oracle, dataset, relation, type_):
    document = profile(hard, dataset, type=type_)
    check_exact(hard, oracle, relation, document, dataset=dataset)
    if type_ == "profile":
        for column in document["columns"]:
            assert column["rank_error"] == 0, "5000 rows are all kept"
            if column["distinct"] is not None and column["type"] not in ("DOUBLE", "FLOAT"):
                name = QUOTED(column["name"])
                distinct = oracle.execute(f"SELECT count(DISTINCT {name}) FROM {relation}").fetchone()[0]
                assert column["distinct"] == distinct, name


@pytest.mark.parametrize("dataset", ["many", "one", "sheet", "lines"])
def test_files_of_every_kind(many, dataset):
    document = profile(many.server, dataset)
    assert document["rows"] == len(many.ids())
    ids = next(column for column in document["columns"] if column["name"] == "id")
    known = sorted(many.ids())
    assert (ids["min"], ids["max"], ids["sum"], ids["distinct"]) == (known[0], known[-1], sum(known), len(known))
    less = profile(many.server, dataset, filter={"id": {"op": "lt", "value": known[10]}}, columns="id")
    assert (less["rows"], less["columns"][0]["sum"]) == (10, sum(known[:10]))


def test_truncated_statistics_of_texts_are_not_believed(serve, tmp_path):
    """A Parquet file whose footer holds cut bounds (without saying so) must be read for its true ones."""
    long = ["b" * 5000 + "1", "b" * 5000 + "2", "a" * 100]
    frame = polars.DataFrame({"t": long * 10})
    frame.write_parquet(tmp_path / "t.parquet", statistics=True)
    server = serve(tmp_path / "t.parquet")
    column = profile(server, "t", type="summary")["columns"][0]
    assert column["min"] == "a" * 100 and column["max"] == "b" * 4096 + "…"


def test_quality_finds_what_is_wrong(serve, oracle, tmp_path):
    oracle.execute(f"""COPY (
        SELECT i AS id, CASE WHEN i % 4 = 0 THEN NULL ELSE i END AS holes, 7 AS constant,
               CASE WHEN i % 1000 = 0 THEN 1 ELSE 0 END AS almost,
               CASE WHEN i % 200 = 0 THEN 1000000.0 ELSE i % 50 END AS spiky,
               CASE WHEN i % 10 = 0 THEN '31.12.2020' ELSE '2020-12-31' END AS mixed,
               (i % 3000)::VARCHAR AS figures, lpad((i % 3000)::VARCHAR, 5, '0') AS zip,
               DATE '2020-01-01' + CASE WHEN i % 100 = 0 THEN -100000 ELSE (i % 300)::INTEGER END AS day
        FROM (SELECT i FROM range(10000) t(i) UNION ALL SELECT i FROM range(500) t(i)))
        TO '{tmp_path}/bad.parquet'""")
    document = profile(serve(tmp_path / "bad.parquet"), "bad", type="quality")
    found = {column["name"]: {finding["code"] for finding in column["findings"]} for column in document["columns"]}
    assert found == {"id": set(), "holes": {"nulls"}, "constant": {"constant"}, "almost": {"near_constant"},
                     "spiky": {"outliers"}, "mixed": {"mixed_formats"}, "figures": {"numbers_as_text"}, "zip": set(),
                     "day": {"dates_out_of_range"}}  # fmt: skip
    assert document["duplicate_rows"] == {"rows": 500, "exact": True, "error": 0, "cost": pytest.approx(1.43, abs=0.01)}
    for column in document["columns"]:
        assert column["score"] == pytest.approx(100 - sum(finding["cost"] for finding in column["findings"]), abs=0.02)
        assert all(finding["message"] for finding in column["findings"])
    assert document["score"] < 100


def test_no_duplicates_where_a_column_is_unique(flights):
    rows = flights.sql("SELECT count(*) - (SELECT count(*) FROM (SELECT DISTINCT * FROM flights)) FROM flights")
    duplicates = profile(flights, "flights", type="quality")["duplicate_rows"]
    assert duplicates["exact"] and duplicates["rows"] == rows.json()["rows"][0][0]


@pytest.mark.parametrize("format_", ["csv", "ndjson", "arrow", "parquet"])
def test_a_profile_as_a_table(flights, format_):
    answer = flights.get("/api/v1/datasets/flights/profile", format=format_)
    assert answer.status == 200
    table = {
        "csv": lambda data: pa.csv.read_csv(pa.BufferReader(data)),
        "ndjson": lambda data: pa.Table.from_pylist([json.loads(line) for line in data.splitlines()]),
        "arrow": lambda data: pa.ipc.open_stream(data).read_all(),
        "parquet": lambda data: pq.read_table(pa.BufferReader(data)),
    }[format_](answer.body)
    document = profile(flights, "flights")
    assert table["column"].to_pylist() == [column["name"] for column in document["columns"]]
    assert table["distinct"].to_pylist() == [column["distinct"] for column in document["columns"]]
    assert [str(value) for value in table["max"].to_pylist()][1:] == [str(c["max"]) for c in document["columns"]][1:]


def test_the_cache_knows_files_by_their_identity(serve, oracle, tmp_path):
    path = tmp_path / "d.parquet"
    oracle.execute(f"COPY (SELECT i FROM range(100) t(i)) TO '{path}'")
    server = serve(path)

    def method():
        return profile(server, "d")["performance_metrics"]["method"]

    assert [method(), method()] == ["column_scan", "cached_profile"]
    first, second = (profile(server, "d") for _ in range(2))
    assert {**first, "performance_metrics": 0} == {**second, "performance_metrics": 0}
    assert profile(server, "d", columns="i", type="summary")["performance_metrics"]["method"] == "column_scan"
    (tmp_path / "next").mkdir()
    oracle.execute(f"COPY (SELECT i FROM range(200) t(i)) TO '{tmp_path}/next/d.parquet'")
    (tmp_path / "next/d.parquet").rename(path)
    # Until the change is noticed, the new file is none that a worker may open.
    wait_for(lambda: (answer := server.rows("d", limit=0)).status == 200 and answer.json()["total_rows"] == 200)
    assert profile(server, "d")["rows"] == 200
    without = serve(path, flags=["--profile-cache", "0"])
    assert [profile(without, "d")["performance_metrics"]["method"] for _ in range(2)] == ["column_scan"] * 2


@pytest.mark.parametrize("parameters", [{"type": "everything"}, {"columns": "nothing"}, {"filter": {"nothing": 1}},
                                        {"filter": "{"}, {"format": "pdf"}, {"limit": 3},
                                        {"timeout_ms": 0}])  # fmt: skip
def test_what_is_wrong_is_said(flights, parameters):
    assert flights.get("/api/v1/datasets/flights/profile", **parameters).code == "InvalidData"


def test_a_profile_that_takes_too_long_is_stopped(flights):
    answer = flights.get("/api/v1/datasets/flights/profile", timeout_ms=1, columns="delay,date,distance")
    assert answer.code == "QueryTimeout"


def test_a_damaged_file_is_said_to_be(serve, tmp_path):
    pq.write_table(pa.table({"a": list(range(200_000))}), tmp_path / "a.parquet", compression="zstd")
    data = bytearray((tmp_path / "a.parquet").read_bytes())
    data[4:300] = b"\xa5" * 296  # the first page's header and more
    (tmp_path / "b.parquet").write_bytes(data)
    server = serve(tmp_path / "b.parquet")
    assert server.get("/api/v1/datasets/b/profile").code == "InvalidData"


def run(*arguments):
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, timeout=120)


def test_the_command_gives_what_the_route_gives(flights, tmp_path):
    here = run("profile", FLIGHTS, "--format", "json")
    assert here.returncode == 0 and here.stderr == b""
    there = run("profile", "flights", "--server", flights.url, "--format", "json")
    names = [json.loads(done.stdout)["columns"] for done in (here, there)]
    assert names[0] == names[1] == profile(flights, "flights")["columns"]
    csv = run("profile", FLIGHTS, "--columns", "delay,origin")
    assert csv.stdout.splitlines()[0].startswith(b"column,type,count,nulls,min,max") and csv.stdout.count(b"\n") == 3
    table = run("profile", FLIGHTS, "--format", "table", "--type", "quality").stdout.decode()
    assert "3,000,000 rows, 5 columns" in table and "duplicate rows" in table and "delay" in table
    bars = run("profile", FLIGHTS, "--format", "table").stdout.decode()
    assert "█" in bars and "~" not in bars.splitlines()[0]
    several = run("profile", FLIGHTS, f"again={FLIGHTS}", "--format", "json", "--type", "summary")
    assert [json.loads(line)["dataset"] for line in several.stdout.splitlines()] == ["flights_3m", "again"]
    assert run("profile", FLIGHTS, f"again={FLIGHTS}", "--format", "csv").returncode == 1
    assert run("profile").returncode == 2
