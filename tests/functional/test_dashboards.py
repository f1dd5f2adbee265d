"""Dashboards: every tile of those that the program has against plain SQL, in random states; values that are known by
heart; files that are saved, checked and removed; a dashboard for any dataset."""

import concurrent.futures
import decimal
import json
import os
import random
import subprocess

import duckdb
import jsonschema_rs
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from dashboard_oracle import Oracle, same
from serving import BINARY, FLIGHTS, ROOT

API = "/api/v1/dashboards"
BUILT_IN = sorted((ROOT / "src/service/dashboard/builtin").glob("*.yaml"))
TABLES = ("orders", "offers", "sellers", "customers")
ORDERS = int(os.environ.get("CANVASBACK_DASHBOARD_ORDERS", "20000"))
STATES = int(os.environ.get("CANVASBACK_DASHBOARD_STATES", "3"))  # of each dashboard; 300 is the long form
ZONES = ("America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    command = [BINARY, "generate", "--type", "marketplace", "--orders", str(ORDERS), "--out", folder]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    # DuckDB's own conversion of a time takes a microsecond: the oracle gets some of the flights.
    duckdb.execute(f"COPY (FROM '{FLIGHTS}' LIMIT 20000) TO '{folder}/flights.parquet'")
    return {name: folder / f"{name}.parquet" for name in (*TABLES, "flights")}


@pytest.fixture(scope="module")
def server(serve_module, shop):
    return serve_module(*(f"{name}={path}" for name, path in shop.items()))


@pytest.fixture(scope="module")
def tables(shop):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for name, path in shop.items():
        connection.execute(f"CREATE TABLE {name} AS FROM '{path}'")
    yield connection
    connection.close()


def ask(server, **body):
    answer = server.ask("POST", f"{API}/query", body)
    assert answer.status == 200, answer.body[:2000]
    return answer.json()


def models_of(document):
    metrics = document["metrics"]
    return metrics if isinstance(metrics, list) else [metrics]


def random_state(rng, document, tables):
    """A period, a comparison, a reader's zone and filters."""
    period = rng.choice(["all", "last_7_days", "last_28_days", "last_90_days", "last_12_months", "this_month",
                         "last_quarter", "this_week", {"from": "2024-03-01", "to": "2024-04-15"},
                         {"from": "2025-10-20", "to": "2025-11-03"}, {"from": "2025-06-01"}])  # fmt: skip
    filters = {}
    for model in models_of(document):
        oracle = Oracle(tables, model, "UTC")
        for name in document.get("filters", []):
            if name in filters or oracle.dimension(name) is None or rng.random() < 0.5:
                continue
            sql = f"SELECT DISTINCT {oracle.value(name)} FROM {oracle.relation} ORDER BY 1"
            values = [row[0] for row in tables.execute(sql).fetchall()]
            some = rng.sample(values, min(len(values), rng.randint(1, 4)))
            filters[name] = {"not": some} if rng.random() < 0.3 else some
    compare = rng.choice(["previous_period", "year_before", "none", None])
    state = {"period": period, "filters": filters, "timezone": rng.choice(ZONES)}
    return {**state, **({"compare": compare} if compare else {})}


class Tile:
    """One answer, held against the oracle."""

    def __init__(self, oracle, tile, answer, head, filters, where):
        self.oracle, self.tile, self.answer, self.where = oracle, tile, answer, where
        self.period = head["period"]
        self.filters = [(name, value) for name, value in filters.items() if oracle.dimension(name) is not None]
        self.filters += list(tile.get("where", {}).items())
        assert set(answer.get("unused_filters", [])) == {name for name in filters if oracle.dimension(name) is None}
        self.measures = [tile["measure"]] if "measure" in tile else tile["measures"]
        self.dimensions = [tile[key] for key in ("by", "rows", "columns", "x", "y") if key in tile]
        if self.dimensions and isinstance(self.dimensions[0], list):
            self.dimensions = self.dimensions[0]
        self.roles = [column["role"] for column in answer["columns"]]
        names = [column["name"] for column in answer["columns"] if column["role"] == "measure"]
        assert names == self.measures

    def keys(self, grain=None):
        time = [self.oracle.bucket(self.oracle.model["time"], grain)] if grain else []
        return time + [self.oracle.value(name) for name in self.dimensions]

    def groups(self, period, grain=None, keys=None, only=None):
        keys = self.keys(grain) if keys is None else keys
        return self.oracle.groups(keys, self.measures, period, self.filters, only)

    def check(self, compared):
        grain = self.answer.get("grain")
        if grain:
            return self.check_chart(grain, compared)
        count = len(self.dimensions)
        wanted = self.groups(self.period)
        then = self.groups(compared) if "compare" in self.roles else None
        for row in self.answer["rows"]:
            key = tuple(row[:count])
            self.hold(row[count : count + len(self.measures)], wanted[key], key)
            if then is not None:
                self.hold_compared(row[count + len(self.measures) :], then.get(key), key)
        if not count:
            return self.check_spark()
        assert self.answer["groups"] == len(wanted)
        self.check_order(wanted, count)
        if "total" in self.answer:
            self.hold(self.answer["total"][: len(self.measures)], self.groups(self.period, keys=[])[()], "total")
        if "other" in self.answer:
            shown = {tuple(row[:count]) for row in self.answer["rows"]}
            rest = [key for key in wanted if key not in shown]
            assert len(self.answer["other"]) == (1 if rest else 0)
            if rest:
                values = self.groups(self.period, keys=[], only=self.beyond(shown))[()]
                self.hold(self.answer["other"][0][count : count + len(self.measures)], values, "other")
        return None

    def beyond(self, shown):
        value = self.oracle.value(self.dimensions[0])
        return "".join(f"({value} IS DISTINCT FROM {json_literal(key[0])}) AND " for key in shown) + "true"

    def check_order(self, wanted, count):
        limit = self.tile.get("limit", {"table": 50, "bar": 20}.get(self.tile["type"], 50_000))
        dimension = self.oracle.dimension(self.dimensions[0]) if count == 1 else {}
        top = dimension.get("top") if self.tile["type"] in ("table", "bar") else None
        assert len(self.answer["rows"]) == min(limit, top or limit, len(wanted))
        sort = self.tile.get("sort", "")
        kinds = [set(self.oracle.dimension(name)) for name in self.dimensions]
        if not sort and all(kind & {"part", "grain", "bins"} for kind in kinds):
            sort = self.dimensions[0]
        sort = sort or "-" + self.measures[0]
        name = sort.lstrip("-")
        at = self.dimensions.index(name) if name in self.dimensions else count + self.measures.index(name)
        values = [row[at] for row in self.answer["rows"] if row[at] is not None]
        number = at >= count
        values = [decimal.Decimal(str(value)) if number else value for value in values]
        assert values == sorted(values, reverse=sort.startswith("-"))
        # Nothing that is left out would have come before the last one.
        shown = {tuple(row[:count]) for row in self.answer["rows"]}
        left = [row[at - count] for key, row in wanted.items() if key not in shown] if number else []
        best = [value for value in left if value is not None]
        if best and values:
            last = max(best) if sort.startswith("-") else min(best)
            last = decimal.Decimal(str(last))
            edge = decimal.Decimal("1e-9") * max(1, abs(last))
            assert values[-1] >= last - edge if sort.startswith("-") else values[-1] <= last + edge

    def check_chart(self, grain, compared):
        count = 1 + len(self.dimensions)
        for member, period in (("rows", self.period), ("compare", compared)):
            if member == "compare" and member not in self.answer:
                continue
            wanted = self.groups(period, grain)
            rows = {tuple(row[:count]): row[count:] for row in self.answer[member]}
            assert len(rows) == len(self.answer[member])
            for key, row in rows.items():
                self.hold(row, wanted[key], (member, key))
            shown = {tuple(row[1:count]) for row in self.answer["rows"]}
            missing = [key for key in wanted if key[1:] in shown and key not in rows]
            assert self.dimensions or len(rows) == len(wanted)
            assert not missing, missing
        times = [row[0] for row in self.answer["rows"]]
        assert times == sorted(times)
        if self.dimensions:
            self.check_rest(grain)
        return None

    def check_rest(self, grain):
        shown = {tuple(row[1:2]) for row in self.answer["rows"]}
        limit = min(self.tile.get("limit", 8), self.oracle.dimension(self.dimensions[0]).get("top", 10**6))
        ranked = self.groups(self.period, keys=self.keys())
        assert len(shown) == min(limit, len(ranked))
        time = self.keys(grain)[:1]
        rest = self.groups(self.period, keys=time, only=self.beyond(shown))
        assert {row[0] for row in self.answer["other"]} == {key[0] for key in rest}
        for row in self.answer["other"]:
            assert row[1] is None
            self.hold(row[2:], rest[(row[0],)], ("other", row[0]))

    def check_spark(self):
        if "spark" not in self.answer:
            return
        spark = self.answer["spark"]
        wanted = self.groups(self.period, spark["grain"])
        assert len(wanted) == len(spark["rows"])
        for row in spark["rows"]:
            self.hold(row[1:], wanted[(row[0],)], ("spark", row[0]))

    def hold(self, got, wanted, key):
        assert len(got) == len(wanted)
        for one, other in zip(got, wanted):
            assert same(one, other), (self.tile, key, got, wanted)

    def hold_compared(self, got, wanted, key):
        if wanted is not None:
            self.hold(got, wanted, (key, "compare"))
        else:
            assert all(value in (None, 0) for value in got), (self.tile, key, got)


def json_literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return f"'{value}'"
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("path", BUILT_IN, ids=[path.stem for path in BUILT_IN])
def test_every_tile_is_what_plain_sql_says(server, tables, path):
    document = yaml.safe_load(path.read_text())
    rng = random.Random(path.stem + os.environ.get("CANVASBACK_SEED", ""))
    for number in range(STATES):
        state = random_state(rng, document, tables) if number else {"timezone": "UTC"}
        answers = ask(server, dashboard=path.stem, **json.loads(json.dumps(state)))
        heads = {head["name"]: head for head in answers["models"]}
        for tile, entry in zip(document["tiles"], answers["tiles"]):
            if tile["type"] == "text":
                continue
            assert "answer" in entry, (state, tile, entry)
            named = tile.get("metrics")
            model = next(one for one in models_of(document) if named in (None, one.get("name")))
            oracle = Oracle(tables, model, state["timezone"])
            own = {**tile, **({"compare": state["compare"]} if "compare" in state else {})}
            head = heads[model.get("name", "")]
            one = Tile(oracle, own, entry["answer"], head, state.get("filters", {}), None)
            compared = compared_period(server, path.stem, state, tile, entry)
            one.check(compared)


def compared_period(server, name, state, tile, entry):
    """The days that a tile is compared with: those of a request for it alone."""
    number = entry["tile"]
    alone = ask(server, dashboard=name, tiles=[number], **json.loads(json.dumps(state)))
    assert alone["tiles"][0]["key"] == entry["key"] and alone["tiles"][0]["cached"]
    assert alone["tiles"][0]["answer"] == entry["answer"]
    return alone["models"][0]["compare"]


@pytest.mark.parametrize("path", BUILT_IN, ids=[path.stem for path in BUILT_IN])
def test_files_of_the_program_are_right(server, path):
    schema = jsonschema_rs.Draft202012Validator(server.get(f"{API}/schema").json())
    assert [error.message for error in schema.iter_errors(yaml.safe_load(path.read_text()))] == []
    detail = server.get(f"{API}/{path.stem}").json()
    assert detail["problems"] == [] and detail["origin"] == "program" and detail["yaml"] == path.read_text()
    assert detail["document"] == yaml.safe_load(path.read_text())


def served(serve, tmp_path, **tables):
    paths = []
    for name, table in tables.items():
        pq.write_table(table, tmp_path / f"{name}.parquet")
        paths.append(f"{name}={tmp_path / name}.parquet")
    return serve(*paths)


def one_tile(server, metrics, tile, **choices):
    document = {"title": "x", "metrics": metrics, "tiles": [tile]}
    answers = ask(server, document=document, **choices)
    entry = answers["tiles"][0]
    assert "answer" in entry, entry
    return entry["answer"]


def test_values_that_are_known_by_heart(serve, tmp_path):
    amounts = ["0.29", "1.15", "-0.01", "90071992547409.93"]
    money = pa.table({
        "d": pa.array([decimal.Decimal(text) for text in amounts], pa.decimal128(18, 2)),
        "f": pa.array([float(text) for text in (*amounts[:3], "9007199254740.93")], pa.float64()),
        "day": pa.array(["a", "a", "b", "b"]),
    })  # fmt: skip
    buyers = pa.table({"day": ["2024-01-01"] * 3 + ["2024-01-02"] * 3, "buyer": [1, 2, 3, 2, 3, 4]})
    paid = [decimal.Decimal(text) for text in ("100.00", "10.00", "10.00", "10.00")]
    orders = pa.table({"shop": ["a", "b", "b", "b"], "amount": pa.array(paid, pa.decimal128(12, 2))})
    times = pa.table({"ts": pa.array([1710138600000000], pa.timestamp("us")),
                      "tz": pa.array([1710138600000000], pa.timestamp("us", "UTC"))})  # fmt: skip
    server = served(serve, tmp_path, money=money, buyers=buyers, orders=orders, times=times)
    for column, whole, rest in (("d", "90071992547411.36", "90071992547409.92"),
                                ("f", "9007199254742.36", "9007199254740.92")):  # fmt: skip
        metrics = {"source": "money", "dimensions": ["day"],
                   "measures": [{"name": "sum", "agg": "sum", "of": column, "scale": 2}]}  # fmt: skip
        assert one_tile(server, metrics, {"type": "card", "measure": "sum"})["rows"] == [[whole]]
        table = one_tile(server, metrics, {"type": "table", "measure": "sum", "by": "day"})
        assert table["rows"] == [["b", rest], ["a", "1.44"]]
        assert table["total"] == [whole] and table["columns"][1]["exact"]
    metrics = {"source": "buyers", "dimensions": ["day"], "measures": [{"name": "n", "agg": "distinct", "of": "buyer"}]}
    table = one_tile(server, metrics, {"type": "table", "measure": "n", "by": "day"})
    assert sorted(table["rows"]) == [["2024-01-01", 3], ["2024-01-02", 3]] and table["total"] == [4]
    metrics = {"source": "orders", "dimensions": ["shop"], "measures": [
        {"name": "average", "agg": "average", "of": "amount"}, {"name": "sum", "agg": "sum", "of": "amount"},
        {"name": "count", "agg": "count"}, {"name": "ratio", "agg": "ratio", "of": ["sum", "count"]}]}  # fmt: skip
    table = one_tile(server, metrics, {"type": "table", "measures": ["average", "ratio"], "by": "shop"})
    assert table["total"] == [32.5, 32.5] and table["rows"] == [["a", 100.0, 100.0], ["b", 10.0, 10.0]]
    for column in ("ts", "tz"):
        metrics = {"source": "times", "time": column, "measures": [{"name": "n", "agg": "count"}]}
        line = {"type": "line", "measure": "n", "grain": "day"}
        for zone, day in (("America/Los_Angeles", "2024-03-10"), ("UTC", "2024-03-11"), ("Asia/Tokyo", "2024-03-11")):
            answer = one_tile(server, {**metrics, "timezone": zone}, line, period="all")
            assert answer["rows"] == [[day, 1]], (column, zone)
            assert one_tile(server, metrics, line, period="all", timezone=zone)["rows"] == [[day, 1]]


def test_days_where_clocks_change(serve, tmp_path):
    """Every quarter of an hour around changes, at midnight too, in zones with odd offsets."""
    zones = {"Europe/Berlin": (2024, 2025), "America/Los_Angeles": (2024, 2025), "Australia/Lord_Howe": (2024, 2025),
             "America/St_Johns": (2006, 2007), "Asia/Kolkata": (2024, 2025), "Africa/Cairo": (2010, 2011),
             "Pacific/Apia": (2011, 2012), "America/Sao_Paulo": (2017, 2018)}  # fmt: skip
    years = sorted({year for pair in zones.values() for year in pair})
    oracle = duckdb.connect()
    oracle.execute("SET TimeZone = 'UTC'")
    oracle.execute(f"""COPY (SELECT make_timestamp(y, 1, 1, 0, 0, 0.0) + to_minutes(15 * i) AS ts, i % 7 AS n
        FROM (SELECT unnest({years}) AS y), range(35040) AS r(i)) TO '{tmp_path}/times.parquet'""")
    server = serve(f"times={tmp_path}/times.parquet")
    for zone, pair in zones.items():
        metrics = {"source": "times", "time": "ts", "timezone": zone, "grain": "hour",
                   "dimensions": [{"name": "h", "part": "hour"}],
                   "measures": [{"name": "rows", "agg": "count"},
                                {"name": "sum", "agg": "sum", "of": "n"}]}  # fmt: skip
        model = Oracle(oracle_with(oracle, tmp_path), metrics, zone)
        for period in ({"from": f"{pair[0]}-03-01", "to": f"{pair[0]}-04-15"},
                       {"from": f"{pair[0]}-10-01", "to": f"{pair[1]}-01-03"}):  # fmt: skip
            for grain in ("day", "week", "month"):
                line = {"type": "line", "measures": ["rows", "sum"], "grain": grain}
                answer = one_tile(server, metrics, line, period=period)
                wanted = model.groups([model.bucket("ts", grain)], ["rows", "sum"], period, [])
                got = {(row[0],): [row[1], int(row[2])] for row in answer["rows"]}
                assert got == wanted, (zone, period, grain)
            bars = {"type": "bar", "measure": "rows", "by": "h", "limit": 24}
            answer = one_tile(server, metrics, bars, period=period)
            wanted = model.groups([model.value("h")], ["rows"], period, [])
            assert {(row[0],): row[1:] for row in answer["rows"]} == wanted
    oracle.close()


def oracle_with(connection, folder):
    connection.execute(f"CREATE OR REPLACE VIEW times AS FROM '{folder}/times.parquet'")
    return connection


def test_hours_that_are_there_twice(serve, tmp_path):
    times = pa.table({"ts": pa.array([1729987200000000 + i * 1800000000 for i in range(6)], pa.timestamp("us"))})
    server = served(serve, tmp_path, times=times)
    metrics = {"source": "times", "time": "ts", "timezone": "Europe/Berlin", "grain": "hour",
               "measures": [{"name": "n", "agg": "count"}]}  # fmt: skip
    answer = one_tile(server, metrics, {"type": "line", "measure": "n", "grain": "hour"}, period="all")
    assert answer["rows"] == [["2024-10-27T00:00:00Z", 2], ["2024-10-27T01:00:00Z", 2], ["2024-10-27T02:00:00Z", 2]]


def test_missing_values_are_a_group(serve, tmp_path):
    table = pa.table({"k": ["a", None, "", None, "a"], "v": [1, 2, 4, 8, None], "ok": [True, None, False, True, None]})
    server = served(serve, tmp_path, t=table)
    metrics = {"source": "t", "dimensions": ["k", "ok"], "measures": [
        {"name": "rows", "agg": "count"}, {"name": "values", "agg": "count", "of": "v"},
        {"name": "sum", "agg": "sum", "of": "v"},
        {"name": "only", "agg": "sum", "of": "v", "where": {"k": [None, ""]}}]}  # fmt: skip
    tile = {"type": "table", "measures": ["rows", "values", "sum", "only"], "by": "k", "sort": "k"}
    assert one_tile(server, metrics, tile)["rows"] == [
        ["", 1, 1, "4", "4"], ["a", 2, 1, "1", None], [None, 2, 2, "10", "10"]]  # fmt: skip
    for filters, keys in (({"k": [None]}, [None]), ({"k": {"not": [None]}}, ["", "a"]),
                          ({"k": {"not": ["a"]}}, ["", None]), ({"k": []}, []),
                          ({"ok": [True]}, ["a", None]), ({"k": {"not": []}}, ["", "a", None])):  # fmt: skip
        assert [row[0] for row in one_tile(server, metrics, tile, filters=filters)["rows"]] == keys, filters


def test_a_sum_that_is_too_large_is_an_error(serve, tmp_path):
    most = decimal.Decimal("9" * 38)
    server = served(serve, tmp_path, t=pa.table({"v": pa.array([most, most], pa.decimal128(38, 0))}))
    metrics = {"source": "t", "measures": [{"name": "s", "agg": "sum", "of": "v"}, {"name": "n", "agg": "count"}]}
    tiles = [{"type": "card", "measure": "s"}, {"type": "card", "measure": "n"}]
    document = {"title": "x", "metrics": metrics, "tiles": tiles}
    answers = ask(server, document=document)
    assert "verflow" in answers["tiles"][0]["error"]["detail"]
    assert answers["tiles"][1]["answer"]["rows"] == [[2]], "the other tile is answered"


def test_pages_and_searches_of_a_table(server, tables):
    def rows(**changes):
        answers = ask(server, dashboard="marketplace_refunds", tiles=[{"tile": 7, **changes}], period="all")
        return answers["tiles"][0]["answer"]

    whole = rows(limit=1000)
    assert rows(limit=10, offset=20)["rows"] == whole["rows"][20:30]
    least = rows(limit=5, sort="refunds")
    assert [row[2] for row in least["rows"]] == sorted(row[2] for row in whole["rows"])[:5] or whole["groups"] > 1000
    found = rows(limit=1000, search="17")
    sql = "SELECT count(DISTINCT seller_id) FROM orders WHERE seller_id::VARCHAR LIKE '%17%'"
    wanted = tables.execute(sql).fetchone()
    assert found["groups"] == wanted[0] and all("17" in str(row[0]) for row in found["rows"])
    assert found["total"] == whole["total"]


def test_ten_mistakes_give_ten_messages(server):
    text = """titel: Orders
title: Orders
metrics:
  source: orders
  time: createdat
  timezone: Europe/Berlin
  dimensions: [country, {name: categroy}, {name: price, column: status, bins: [1, 2]}]
  measures:
    - {name: revenue, agg: summ, of: amount}
    - {name: gmv, agg: sum, of: amuont}
    - {name: orders, agg: count, formt: number}
    - {name: share, agg: ratio, of: [gmv, order]}
period: last_3_moons
tiles:
  - {type: crad, measure: gmv}
  - {type: card, measure: gmvv}
"""
    answer = server.ask("POST", f"{API}/check", {"yaml": text})
    problems = answer.json()["problems"]
    places = [(problem["line"], problem["column"], problem["nearest"]) for problem in problems]
    assert sorted(places, key=lambda place: place[:2]) == [
        (1, 1, "title"), (5, 9, "created_at"), (7, 32, "category"), (7, 65, None), (9, 28, "sum"), (10, 33, "amount"),
        (11, 34, "format"), (12, 43, "orders"), (13, 9, None), (15, 12, "card"), (16, 27, "gmv"),
    ]  # fmt: skip
    assert all(problem["severity"] == "error" and problem["message"] for problem in problems)


@pytest.mark.parametrize(("metrics", "path", "words"), [
    ({"sql": "SELECT nosuch FROM orders"}, "metrics.sql", "nosuch"),
    ({"sql": "COPY orders TO 'x'"}, "metrics.sql", ""),
    ({"sql": "SELECT 1; SELECT 2"}, "metrics.sql", ""),
    ({"sql": "SELECT amount FROM orders", "dimensions": ["country"]}, "metrics.dimensions[0]", "country"),
    ({"source": "orders", "timezone": "Europe/Berln"}, "metrics.timezone", "time zone"),
    ({"source": "orders", "dimensions": [{"name": "x", "expression": "nosuch + 1"}]}, "metrics", "nosuch"),
    ({"source": "orders", "dimensions": [{"name": "x", "expression": "getenv('HOME')"}]}, "metrics", ""),
    ({"source": "orders", "dimensions": [{"name": "x", "expression": "1) FROM read_csv('/etc/passwd'); --"}]},
     "metrics", ""),
])  # fmt: skip
def test_statements_and_zones_are_checked_by_a_worker(server, metrics, path, words):
    document = {"title": "x", "metrics": {**metrics, "measures": [{"name": "n", "agg": "count"}]},
                "tiles": [{"type": "card", "measure": "n"}]}  # fmt: skip
    problems = server.ask("POST", f"{API}/check", {"document": document}).json()["problems"]
    assert [problem["path"] for problem in problems] == [path] and words in problems[0]["message"], problems
    entry = ask(server, document=document)["tiles"][0]
    if "dimensions" not in metrics or "expression" in str(metrics):
        assert entry["error"]["detail"], entry


def test_expressions_and_statements_are_measured(server, tables):
    document = {"title": "x", "metrics": {
        "sql": "SELECT *, amount - fee AS net FROM orders; ", "time": "created_at",
        "dimensions": [{"name": "large", "expression": "amount > 100"}],
        "measures": [{"name": "net", "agg": "sum", "of": "net"},
                     {"name": "cents", "agg": "max", "expression": "CAST(amount * 100 AS BIGINT)"}]},
        "tiles": [{"type": "table", "measures": ["net", "cents"], "by": "large", "sort": "large"}]}  # fmt: skip
    answer = ask(server, document=document, period="all", filters={"large": [True, False]})["tiles"][0]["answer"]
    wanted = tables.execute("""SELECT amount > 100, sum(amount - fee)::VARCHAR, max(amount * 100)::BIGINT FROM orders
        GROUP BY 1 ORDER BY 1""").fetchall()
    assert [tuple(row) for row in answer["rows"]] == wanted


def test_those_of_the_program_are_listed_with_their_datasets(serve, shop):
    server = serve(f"orders={shop['orders']}")
    names = {entry["name"] for entry in server.get(API).json()["dashboards"]}
    assert {"marketplace_overview", "marketplace_hours"} <= names
    assert not names & {"marketplace_offers", "marketplace_sellers", "flights_overview"}


def test_an_answer_is_kept_until_its_dataset_changes(serve, tmp_path):
    table = pa.table({"v": [1, 2]})
    server = served(serve, tmp_path, t=table)
    metrics = {"source": "t", "measures": [{"name": "s", "agg": "sum", "of": "v"}]}
    document = {"title": "x", "metrics": metrics, "tiles": [{"type": "card", "measure": "s"}]}
    first = ask(server, document=document)["tiles"][0]
    again = ask(server, document=document)["tiles"][0]
    assert (first["cached"], again["cached"]) == (False, True) and first["answer"] == again["answer"]
    known = ask(server, document=document, known=[first["key"]])["tiles"][0]
    assert known["key"] == first["key"] and "answer" not in known
    pq.write_table(pa.table({"v": [5]}), tmp_path / "new.parquet")
    os.rename(tmp_path / "new.parquet", tmp_path / "t.parquet")
    changed = ask(server, document=document, known=[first["key"]])["tiles"][0]
    assert changed["answer"]["rows"] == [["5"]] and changed["key"] != first["key"]


def test_the_same_question_of_many_is_asked_once(server):
    document = {"title": "x", "metrics": {"source": "flights", "dimensions": ["origin"], "measures": [
        {"name": "n", "agg": "count"}, {"name": "q", "agg": "quantile", "of": "delay", "q": 0.123}]},
        "tiles": [{"type": "table", "measures": ["n", "q"], "by": "origin"}]}  # fmt: skip
    with concurrent.futures.ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: ask(server, document=document), range(12)))
    assert len({json.dumps(answer["tiles"][0]["answer"]) for answer in answers}) == 1


@pytest.mark.parametrize("name", [*TABLES, "flights"])
def test_explore_proposes_a_dashboard_that_works(server, name):
    proposed = server.get(f"/api/v1/datasets/{name}/explore").json()
    schema = jsonschema_rs.Draft202012Validator(server.get(f"{API}/schema").json())
    assert [error.message for error in schema.iter_errors(proposed["document"])] == []
    assert yaml.safe_load(proposed["yaml"]) == proposed["document"]
    check = server.ask("POST", f"{API}/check", {"yaml": proposed["yaml"]}).json()
    assert check["problems"] == [] and check["document"] == proposed["document"]
    answers = ask(server, document=proposed["document"])
    assert all("answer" in tile for tile in answers["tiles"]), answers
    assert proposed["document"]["metrics"]["time"] == ("date" if name == "flights" else "created_at")


def test_explore_of_orders_is_what_one_would_write(server):
    metrics = server.get("/api/v1/datasets/orders/explore").json()["document"]["metrics"]
    names = [entry if isinstance(entry, str) else entry["name"] for entry in metrics["dimensions"]]
    assert {"country", "category", "status"} <= set(names) and not {"id", "customer_id"} & set(names)
    measures = {entry["name"]: entry["agg"] for entry in metrics["measures"]}
    assert measures["rows"] == "count" and measures["total_amount"] == "sum"


@pytest.mark.parametrize(("body", "words"), [
    ({}, "dashboard"), ({"dashboard": "nosuch"}, "nosuch"), ({"dashboard": 1}, "string"), ({"document": []}, "object"),
    ({"dashboard": "marketplace_overview", "tiles": [99]}, "tiles[0]"),
    ({"dashboard": "marketplace_overview", "tiles": 3}, "array"),
    ({"dashboard": "marketplace_overview", "tiles": [{"tile": 0, "measure": "nosuch"}]}, "nosuch"),
    ({"dashboard": "marketplace_overview", "tiles": [{"type": "line", "measure": "gmv", "grain": "second"}]}, "grain"),
    ({"dashboard": "marketplace_overview", "period": "yestreday"}, "period"),
    ({"dashboard": "marketplace_overview", "compare": "last"}, "compare"),
    ({"dashboard": "marketplace_overview", "filters": {"country": {"nott": 1}}}, "country"),
    ({"dashboard": "marketplace_overview", "filters": []}, "Filters"),
    ({"dashboard": "marketplace_overview", "known": 1}, "known"), ({"dashboard": "marketplace_overview", "x": 1}, "x"),
    ({"document": {"title": "x"}}, "metrics"),
])  # fmt: skip
def test_what_is_wrong_with_a_question_is_said(server, body, words):
    answer = server.ask("POST", f"{API}/query", body)
    assert answer.code in ("InvalidData", "DashboardNotFound") and words in answer.json()["detail"], answer.body
