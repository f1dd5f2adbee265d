"""Histograms, frequent values and aggregates equal DuckDB's answers over the same rows."""

import datetime
import io

import numpy
import polars
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest


def aggregate(server, dataset="flights", **body):
    answer = server.ask("POST", f"/api/v1/datasets/{dataset}/aggregate", body)
    assert answer.status == 200, answer.body[:2000]
    return answer.json()


def rows_of(oracle, sql):
    """Rows as the json format writes them."""
    form = lambda value: value.isoformat() if isinstance(value, datetime.datetime) else value
    return [[form(value) for value in row] for row in oracle.execute(sql).fetchall()]


def test_group_by_with_measures(flights, oracle):
    document = aggregate(
        flights, group_by=["origin"],
        measures=["count", {"function": "sum", "column": "delay", "as": "total"},
                  {"function": "mean", "column": "distance"}, {"function": "max", "column": "delay"},
                  {"function": "count_distinct", "column": "destination"},
                  {"function": "quantile", "column": "delay", "q": 0.9, "as": "slow"}],
        sort="-count,origin", limit=20)  # fmt: skip
    names = [column["name"] for column in document["columns"]]
    assert names == ["origin", "count", "total", "distance_mean", "delay_max", "destination_count_distinct", "slow"]
    wanted = rows_of(oracle, "SELECT origin, count(*), sum(delay)::BIGINT, avg(distance), max(delay), "
                     "count(DISTINCT destination), quantile_cont(delay, 0.9) FROM flights GROUP BY origin "
                     "ORDER BY 2 DESC, 1 LIMIT 20")  # fmt: skip
    got = [[*row[:2], int(row[2]), *row[3:]] for row in document["rows"]]
    assert got == [[*row[:3], pytest.approx(row[3]), *row[4:6], pytest.approx(row[6])] for row in wanted]
    assert (document["total_rows"], document["total_exact"]) == (20, False)


def test_dates_are_cut_and_filters_hold(flights, oracle):
    document = aggregate(
        flights, group_by=[{"column": "date", "granularity": "month"}], measures=["count"], sort="date_month",
        filter={"origin": {"op": "in", "value": ["SEA", "SFO"]}})  # fmt: skip
    wanted = rows_of(oracle, "SELECT date_trunc('month', date), count(*) FROM flights WHERE origin IN ('SEA', 'SFO') "
                     "GROUP BY 1 ORDER BY 1")  # fmt: skip
    assert document["rows"] == wanted and document["total_exact"]
    # The earlier name of the member.
    again = aggregate(flights, group_by=[{"column": "date", "every": "month"}], measures=["count"], sort="date_month",
                      filter={"origin": {"op": "in", "value": ["SEA", "SFO"]}})  # fmt: skip
    assert again["rows"] == wanted


def test_without_keys_there_is_one_row(flights, oracle):
    document = aggregate(flights, measures=["count", {"function": "std", "column": "delay"}])
    assert document["rows"][0][0] == 3_000_000
    assert document["rows"][0][1] == pytest.approx(oracle.execute("SELECT stddev(delay) FROM flights").fetchone()[0])


def test_without_measures_there_are_the_keys(flights, oracle):
    document = aggregate(flights, group_by=["origin", "destination"], sort="origin,destination", offset=5, limit=3)
    assert document["rows"] == rows_of(oracle, "SELECT DISTINCT origin, destination FROM flights ORDER BY ALL "
                                       "LIMIT 3 OFFSET 5")  # fmt: skip


@pytest.mark.parametrize("format_", ["csv", "ndjson", "arrow", "arrow_file", "parquet"])
def test_in_every_row_format(flights, oracle, format_):
    body = {"group_by": ["origin"], "measures": ["count"], "sort": "origin"}
    answer = flights.ask("POST", "/api/v1/datasets/flights/aggregate", {**body, "format": format_})
    by_query = flights.ask("POST", "/api/v1/datasets/flights/aggregate", body, format=format_)
    read = {
        "csv": lambda data: pa.csv.read_csv(io.BytesIO(data)),
        "ndjson": lambda data: polars.read_ndjson(data).to_arrow(),
        "arrow": lambda data: pa.ipc.open_stream(data).read_all(),
        "arrow_file": lambda data: pa.ipc.open_file(data).read_all(),
        "parquet": lambda data: pq.read_table(pa.BufferReader(data)),
    }[format_]
    wanted = rows_of(oracle, "SELECT origin, count(*) FROM flights GROUP BY 1 ORDER BY 1")
    for got in (answer, by_query):
        table = read(got.body)
        assert [list(row.values()) for row in table.to_pylist()] == wanted


NAMES = [{"measures": []}, {"group_by": ["nothing"]}, {"measures": ["nothing"]}, {"measures": ["sum"]},
         {"measures": [{"function": "sum", "column": "origin"}]}, {"measures": ["count", "count"]},
         {"measures": [{"function": "count", "as": "A"}, {"function": "count", "as": "a"}]},
         {"group_by": [{"column": "origin", "granularity": "day"}]},
         {"group_by": [{"column": "date", "granularity": "eon"}]},
         {"group_by": [{"column": "date", "granularity": "day", "every": "day"}]},
         {"group_by": [{"column": "date", "each": "day"}]}, {"group_by": "origin"}, {"measures": [3]},
         {"measures": [{"function": "quantile", "column": "delay", "q": 2}]},
         {"measures": [{"function": "sum", "column": "delay", "q": 0.5}]}, {"measures": ["count"], "sort": "delay"},
         {"measures": ["count"], "limit": -1}, {"measures": ["count"], "limit": 1.5},
         {"measures": ["count"], "limt": 1},
         {"measures": ["count"], "format": "pdf"}, {"measures": ["count"], "filter": {"nothing": 1}},
         {"measures": ["count"], "timeout_ms": 0}, {"measures": ["count"], "filter": {"delay": "x"}},
         {"measures": [{"function": "count", "as": "x" * 300}]}]  # fmt: skip


@pytest.mark.parametrize("body", NAMES, ids=str)
def test_what_is_wrong_is_said(flights, body):
    assert flights.ask("POST", "/api/v1/datasets/flights/aggregate", body).code == "InvalidData"


def test_names_of_results_are_only_names(flights):
    odd = 'x" FROM flights; --'
    document = aggregate(flights, measures=[{"function": "count", "as": odd}])
    assert document["columns"][0]["name"] == odd and document["rows"] == [[3_000_000]]


@pytest.mark.parametrize("column,k", [("origin", 5), ("delay", 1000), ("date", 3)])
def test_frequent_values(flights, oracle, column, k):
    document = flights.get("/api/v1/datasets/flights/top", column=column, k=str(k)).json()
    wanted = rows_of(oracle, f"SELECT {column}, count(*), count(*) / 3000000 FROM flights GROUP BY 1 "
                     f"ORDER BY 2 DESC, 1 LIMIT {k}")  # fmt: skip
    assert document["rows"] == [[value, count, pytest.approx(share)] for value, count, share in wanted]


@pytest.mark.parametrize("dataset", ["many", "one"])
def test_frequent_values_of_filtered_rows_count_nulls(many, dataset):
    chosen = {"id": {"op": "lt", "value": 60}}
    document = many.server.get(f"/api/v1/datasets/{dataset}/top", column="flag", filter=chosen)
    rows = document.json()["rows"]
    assert sorted(map(str, (row[0] for row in rows))) == ["False", "None", "True"]
    assert sum(row[1] for row in rows) == len(many.ids("id < 60"))


@pytest.mark.parametrize("bins", [1, 7, 200])
def test_a_histogram_of_numbers(flights, oracle, bins):
    document = flights.get("/api/v1/datasets/flights/histogram", column="delay", bins=str(bins)).json()
    values = oracle.execute("SELECT delay FROM flights").fetchnumpy()["delay"]
    wanted, edges = numpy.histogram(values, bins)
    assert [row[0] for row in document["rows"]] == list(range(bins))
    assert [row[1] for row in document["rows"]] == pytest.approx(edges[:-1])
    assert [row[2] for row in document["rows"]] == pytest.approx(edges[1:])
    counts = [row[3] for row in document["rows"]]
    assert sum(counts) == document["values"] == 3_000_000 and document["nulls"] == document["not_finite"] == 0
    # A value that is an edge may fall to either side of it by rounding.
    assert sum(abs(a - b) for a, b in zip(counts, wanted)) <= 3_000_000 * 0.02


def test_a_histogram_of_dates(flights, oracle):
    document = flights.get("/api/v1/datasets/flights/histogram", column="date", bins="10",
                           filter={"origin": "SEA"}).json()  # fmt: skip
    sql = "SELECT min(date), max(date), count(*) FROM flights WHERE origin = 'SEA'"
    low, high, rows = oracle.execute(sql).fetchone()
    assert document["rows"][0][1] == low.isoformat() and document["rows"][-1][2] == high.isoformat()
    assert sum(row[3] for row in document["rows"]) == rows


def test_histograms_of_odd_values(serve, tmp_path):
    infinity, nan = float("inf"), float("nan")
    pq.write_table(pa.table({
        "a": [1.0, nan, infinity, -infinity, None, 2.0, 3.0], "same": [5] * 7, "none": pa.array([None] * 7, pa.int64()),
        "huge": [1.7e308, -1.7e308, 0.0, None, None, None, None],
    }), tmp_path / "odd.parquet")  # fmt: skip
    server = serve(tmp_path / "odd.parquet")

    def histogram(column):
        return server.get("/api/v1/datasets/odd/histogram", column=column, bins="2").json()

    document = histogram("a")
    assert document["rows"] == [[0, 1.0, 2.0, 1], [1, 2.0, 3.0, 2]]
    assert (document["values"], document["nulls"], document["not_finite"]) == (3, 1, 3)
    assert [row[1:] for row in histogram("same")["rows"]] == [[5.0, 5.0, 7]]
    assert histogram("none")["rows"] == [] and histogram("none")["nulls"] == 7
    assert [row[3] for row in histogram("huge")["rows"]] == [1, 2]


@pytest.mark.parametrize("path,parameters", [
    ("histogram", {}), ("histogram", {"column": "origin"}), ("histogram", {"column": "delay", "bins": "0"}),
    ("histogram", {"column": "delay", "bins": "x"}), ("histogram", {"column": "delay", "k": "3"}), ("top", {}),
    ("top", {"column": "nothing"}), ("top", {"column": "origin", "k": "0"}),
    ("top", {"column": "origin", "limit": "1"}),
])  # fmt: skip
def test_wrong_parameters(flights, path, parameters):
    assert flights.get(f"/api/v1/datasets/flights/{path}", **parameters).code == "InvalidData"


def test_there_must_be_a_dataset(flights):
    for path in ("profile", "histogram", "top"):
        assert flights.get(f"/api/v1/datasets/nothing/{path}", column="a" if path != "profile" else None).status == 404
    assert flights.ask("POST", "/api/v1/datasets/nothing/aggregate", {"measures": ["count"]}).status == 404
