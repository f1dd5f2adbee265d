"""Filters, parameters and analyses whose values no double on the way may touch; NaN in every route."""

import datetime
import json
import math
import random
from decimal import Decimal, localcontext
from fractions import Fraction

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

BIG = 2**53


def spread(values):
    mean = Fraction(sum(values), 1) / len(values)
    return math.sqrt(sum((Fraction(value) - mean) ** 2 for value in values) / (len(values) - 1))


def root(fraction):
    with localcontext() as context:
        context.prec = 60
        return Fraction((Decimal(fraction.numerator) / Decimal(fraction.denominator)).sqrt())


MOMENTS = {
    "units": pa.array([Decimal(10**18 + i) for i in range(400)], pa.decimal128(20, 0)),
    "whole": pa.array([Decimal(2**60 + i) for i in range(400)], pa.decimal128(38, 0)),
    "fine": pa.array([Decimal(10**25 + i - 200).scaleb(-10) for i in range(400)], pa.decimal128(38, 10)),
    "whole range": pa.array([Decimal((10**38 - 1 - i) * (-1) ** i) for i in range(400)], pa.decimal128(38, 0)),
    "money": pa.array([Decimal(10**17 + i).scaleb(-2) for i in range(400)], pa.decimal128(18, 2)),
    "integers": pa.array([2_000_000_000 + i % 2 for i in range(400)], pa.int32()),
    "big": pa.array([2**63 - 1 - i for i in range(400)], pa.int64()),
    "unsigned": pa.array([2**64 - 1 - i for i in range(400)], pa.uint64()),
    "cancels": pa.array([[1e16, 1.0, -1e16, 1.0][i % 4] for i in range(400)], pa.float64()),
    "near": pa.array([1e9 + i % 7 * 1e-6 for i in range(400)], pa.float64()),
    "range": pa.array([1e308 if i % 3 else -1e308 for i in range(400)], pa.float64()),
    "first is far": pa.array([1e15 if i < 3 else i % 2 * 1e-3 for i in range(400)], pa.float64()),
    "floats": pa.array([16777216.0 + 2 * i for i in range(400)], pa.float32()),
}  # fmt: skip


@pytest.fixture(scope="module")
def server(serve_module, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exact")
    pq.write_table(pa.table({
        "id": pa.array([1, 2, 3, 4], pa.int32()),
        "d": pa.array([Decimal("99999999999999.99"), Decimal("99999999999999.98"), Decimal("-0.01"), None],
                      pa.decimal128(16, 2)),
        "wide": pa.array([Decimal("9" * 36 + ".99"), Decimal("12345678901234567890.12"), Decimal("-1.5"), None],
                         pa.decimal128(38, 2)),
        "b": pa.array([BIG, BIG + 1, -(2**63), None], pa.int64()),
        "x": pa.array([0.30000000000000004, 0.3, 1e300, None], pa.float64()),
        "t": pa.array(["a", "b", "c", None]),
    }), folder / "exact.parquet")  # fmt: skip
    pq.write_table(pa.table({"id": pa.array(range(200_000), pa.int64()),
                             "t": pa.array([f"k{i}" for i in range(200_000)])}), folder / "lists.parquet")  # fmt: skip
    pq.write_table(pa.table({
        "d": pa.array([Decimal(i) / 10 for i in range(12)], pa.decimal128(10, 1)),
        "big": pa.array([BIG + i for i in range(12)], pa.int64()),
        "unsigned": pa.array([2**64 - 1 - i for i in range(12)], pa.uint64()),
        "money": pa.array([Decimal("9999999999999999.00") + Decimal(i) / 100 for i in range(12)], pa.decimal128(18, 2)),
        "far": pa.array([1e308, 9e307] * 6, pa.float64()),
        "most": pa.array([Decimal(9 * 10**37)] * 12, pa.decimal128(38, 0)),
        "little": pa.array([Decimal(10**36)] * 12, pa.decimal128(38, 0)),
    }), folder / "measures.parquet")  # fmt: skip
    pq.write_table(pa.table({"g": pa.array([i % 3 for i in range(400)]), **MOMENTS}), folder / "moments.parquet")
    nan = float("nan")
    pq.write_table(pa.table({"id": range(1, 10_001),
                             "b": pa.array([nan if i % 1000 == 0 else float(i) for i in range(1, 10_001)])}),
                   folder / "nan.parquet", row_group_size=1000)  # fmt: skip
    pq.write_table(pa.table({"id": [1, 2, 3, 4], "b": pa.array([1.0, 2.0, nan, None])}), folder / "few.parquet")
    duckdb.sql("SELECT CASE WHEN i % 2 = 0 THEN -('nan'::DOUBLE) ELSE i END AS x FROM range(1000) t(i)").write_parquet(
        str(folder / "negative.parquet"))
    return serve_module(*[f"{file.stem}={file}" for file in sorted(folder.iterdir())])


def ids(server, dataset, condition):
    """`condition` is JSON text: what it says of a number reaches the server digit by digit."""
    answer = server.rows(dataset, filter=condition, columns="id", limit=1000)
    assert answer.status == 200, answer.body
    return [row[0] for row in answer.json()["rows"]]


@pytest.mark.parametrize("condition, wanted", [
    ('{"d": 99999999999999.99}', [1]),
    ('{"d": {"op": "in", "value": [99999999999999.98, -0.010]}}', [2, 3]),
    ('{"d": {"op": "gt", "value": 99999999999999.985}}', [1]),
    ('{"d": {"op": "lt", "value": 1e40}}', [1, 2, 3]),
    ('{"d": {"op": "gt", "value": -100000000000000.00}}', [1, 2, 3]),
    ('{"wide": 12345678901234567890.12}', [2]),
    ('{"wide": {"op": "eq", "value": 1000000000000000000000000000000000000}}', []),
    ('{"wide": {"op": "lt", "value": 1000000000000000000000000000000000000}}', [1, 2, 3]),
    ('{"wide": {"op": "ge", "value": 1e40}}', []),
    ('{"b": {"op": "gt", "value": 9007199254740992.5}}', [2]),
    ('{"b": {"op": "in", "value": [9007199254740993, 0.5]}}', [2]),
    ('{"b": {"op": "eq", "value": 9007199254740993.0}}', [2]),
    ('{"b": {"op": "le", "value": -9223372036854775808.0}}', [3]),
    ('{"b": {"op": "lt", "value": 99999999999999999999999999999999999999999999}}', [1, 2, 3]),
    ('{"b": {"op": "ne", "value": 99999999999999999999999999999999999999999999}}', [1, 2, 3, 4]),
    ('{"x": 0.30000000000000004}', [1]),
    ('{"x": 0.3}', [2]),
])  # fmt: skip
def test_filters_compare_digits(server, condition, wanted):
    assert ids(server, "exact", condition) == wanted
    body = f'{{"filter": {condition}, "columns": "id", "format": "csv"}}'
    exported = server.ask("POST", "/api/v1/datasets/exact/export", body.encode(), {"Content-Type": "application/json"})
    assert exported.body.decode().split()[1:] == [str(row) for row in wanted]
    body = f'{{"filter": {condition}, "measures": ["count"]}}'
    as_json = {"Content-Type": "application/json"}
    counted = server.ask("POST", "/api/v1/datasets/exact/aggregate", body.encode(), as_json)
    assert counted.json()["rows"] == [[len(wanted)]]


@pytest.mark.parametrize("sql, parameter, wanted", [
    ("SELECT ($1::DECIMAL(38,2))::VARCHAR", "12345678901234567890.12", "12345678901234567890.12"),
    ("SELECT $1::VARCHAR", "123456789012345678901234567890", "123456789012345678901234567890"),
    ("SELECT count(*)::VARCHAR FROM exact WHERE wide = $1", "12345678901234567890.12", "1"),
    ("SELECT count(*)::VARCHAR FROM exact WHERE d >= $1", "99999999999999.99", "1"),
    ("SELECT count(*)::VARCHAR FROM exact WHERE x = $1", "0.30000000000000004", "1"),
    ("SELECT count(*)::VARCHAR FROM exact WHERE b = $1", "9007199254740993", "1"),
    ("SELECT typeof($1)", "0.1", "DOUBLE"),
])  # fmt: skip
def test_parameters_keep_digits(server, sql, parameter, wanted):
    body = f'{{"sql": {json.dumps(sql)}, "parameters": [{parameter}]}}'
    answer = server.ask("POST", "/api/v1/query", body.encode(), {"Content-Type": "application/json"})
    assert answer.status == 200, answer.body
    assert answer.json()["rows"] == [[wanted]]


@pytest.mark.parametrize("condition", [
    '{"t": {"op": "eq"}}', '{"t": {"op": "ne"}}', '{"t": {"op": "in"}}', '{"t": {"op": "contains"}}',
    '{"t": {"op": "contains", "value": null}}', '{"b": {"op": "lt", "value": null}}', '{"t": {"op": "like"}}',
    '{"b": {"op": "between"}}', '{"not": {"b": {"op": "ge"}}}',
])  # fmt: skip
def test_a_condition_without_its_value_is_refused(server, condition):
    answer = server.rows("exact", filter=condition)
    assert (answer.status, answer.code) == (400, "InvalidData")


@pytest.mark.parametrize("count", [1_000, 100_000])
def test_long_lists(server, count):
    for column, value in (("id", lambda i: 2 * i), ("t", lambda i: f"k{2 * i}")):
        for wrap in (lambda condition: condition, lambda condition: {"not": {"not": condition}}):
            condition = wrap({column: {"op": "in", "value": [value(i) for i in range(count)]}})
            answer = server.ask("POST", "/api/v1/datasets/lists/aggregate",
                                {"filter": condition, "measures": ["count"]})  # fmt: skip
            assert answer.status == 200, answer.body[:500]
            assert answer.json()["rows"] == [[min(count, 100_000)]]


def test_long_lists_of_every_type(server):
    more = [json.dumps(f"{i}.25") for i in range(100)]
    for column, wanted in (("d", "99999999999999.98"), ("wide", "12345678901234567890.12"), ("b", "9007199254740993")):
        values = ", ".join([wanted, *more, "1e60"])
        assert ids(server, "exact", f'{{"{column}": {{"op": "in", "value": [{values}]}}}}') == [2]
        assert ids(server, "exact", f'{{"{column}": {{"op": "in", "value": [null, {values}]}}}}') == [2, 4]
    assert ids(server, "exact", f'{{"x": {{"op": "in", "value": [{", ".join(more)}, 0.3]}}}}') == [2]


def test_too_long_a_list_names_the_limit(server):
    answer = server.ask("POST", "/api/v1/datasets/lists/aggregate",
                        {"filter": {"id": {"op": "in", "value": [0] * 100_001}}, "measures": ["count"]})  # fmt: skip
    assert answer.status == 400 and "100000" in answer.json()["detail"]


def measured(server, function, column, **more):
    body = {"measures": [{"function": function, "column": column, "as": "m", **more}]}
    return server.ask("POST", "/api/v1/datasets/measures/aggregate", body)


def test_median_and_quantiles_of_decimals(server):
    assert measured(server, "median", "d").json()["rows"] == [["0.55"]]
    assert measured(server, "quantile", "d", q=0.9).json()["rows"] == [["0.99"]]
    assert Decimal(measured(server, "quantile", "d", q=0.125).json()["rows"][0][0]) == Decimal("0.1375")
    assert Decimal(measured(server, "median", "money").json()["rows"][0][0]) == Decimal("9999999999999999.055")


def test_sums_that_128_bits_do_not_hold(server):
    refused = measured(server, "sum", "most")
    # The engine notices within a batch, and wraps round between batches.
    assert refused.status == 400 and ("38 digits" in refused.json()["detail"] or "Overflow" in refused.json()["detail"])
    mean = measured(server, "mean", "most")
    assert mean.status == 400 or float(mean.json()["rows"][0][0]) == pytest.approx(9e37)
    assert measured(server, "sum", "little").json()["rows"] == [[str(12 * 10**36)]]


def test_spread_and_mean_at_the_ends(server):
    for column, values in (("big", [BIG + i for i in range(12)]), ("unsigned", range(12)),
                           ("money", [Fraction(i, 100) for i in range(12)])):  # fmt: skip
        assert measured(server, "std", column).json()["rows"][0][0] == pytest.approx(spread(list(values)), rel=1e-12)
        variance = measured(server, "variance", column).json()["rows"][0][0]
        assert variance == pytest.approx(spread(list(values)) ** 2, rel=1e-12)
    assert measured(server, "mean", "far").json()["rows"][0][0] == pytest.approx(9.5e307, rel=1e-15)
    profile = server.get("/api/v1/datasets/measures/profile", type="summary").json()
    columns = {column["name"]: column for column in profile["columns"]}
    for column, values in (("big", [BIG + i for i in range(12)]), ("unsigned", range(12)),
                           ("money", [Fraction(i, 100) for i in range(12)]), ("far", [10, 9] * 6)):
        unit = 1e307 if column == "far" else 1
        assert columns[column]["std"] / unit == pytest.approx(spread(list(values)), rel=1e-12), column
    assert columns["far"]["mean"] == pytest.approx(9.5e307, rel=1e-15)


@pytest.mark.parametrize("group", [None, "g"])
@pytest.mark.parametrize("column", MOMENTS)
def test_moments_are_those_of_the_values(server, column, group):
    """As fractions say it: decimals of any width, doubles that cancel, lie close together or at their range's end."""
    functions = ["std", "variance", "mean", "sum"]
    if column in ("range", "whole range"):
        functions = ["std", "mean"]  # the others are past the range of doubles or of 128 bits
    body = {"measures": [{"function": name, "column": column, "as": name} for name in functions],
            **({"group_by": [group], "sort": group} if group else {})}  # fmt: skip
    answer = server.ask("POST", "/api/v1/datasets/moments/aggregate", body)
    assert answer.status == 200, answer.body
    values = [Fraction(value) for value in MOMENTS[column].to_pylist()]
    for place, row in enumerate(answer.json()["rows"]):
        some = values[place::3] if group else values
        mean = sum(some) / len(some)
        variance = sum((value - mean) ** 2 for value in some) / (len(some) - 1)
        wanted = {"std": root(variance), "variance": variance, "mean": mean, "sum": sum(some)}
        for name, got in zip(functions, row[1:] if group else row):
            off = abs(Fraction(str(got)) - wanted[name])
            assert off <= abs(wanted[name]) / 10**12, (name, got, float(wanted[name]))


def test_a_variance_past_the_range_of_doubles_is_refused(server):
    body = {"measures": [{"function": "variance", "column": "range", "as": "v"}]}
    answer = server.ask("POST", "/api/v1/datasets/moments/aggregate", body)
    assert answer.status == 400 and "out of range" in answer.json()["detail"]


def test_spread_of_wide_integers_of_a_collection(server):
    lines = "".join(f'{{"id": "{i}", "n": {2**70 + i}}}\n' for i in range(100))
    sent = server.ask("POST", "/ingest?collection=wide_integers", lines.encode(),
                      {"Content-Type": "application/x-ndjson"})  # fmt: skip
    assert sent.status == 200, sent.body
    body = {"measures": [{"function": "std", "column": "n", "as": "s"}]}
    answer = server.ask("POST", "/api/v1/datasets/wide_integers/aggregate", body)
    assert answer.json()["rows"][0][0] == pytest.approx(spread(list(range(100))), rel=1e-12)
    rows = server.get("/api/v1/datasets/wide_integers/histogram", column="n", bins=4).json()["rows"]
    assert [row[3] for row in rows] == [25, 25, 25, 25] and rows[0][1] == str(2**70)


NAN = [
    ("b > 9998", '{"b": {"op": "gt", "value": 9998}}', 11),
    ("NOT b < 1e300", '{"not": {"b": {"op": "lt", "value": 1e300}}}', 10),
    ("b = 'nan'", '{"b": "NaN"}', 10),
    ("b <= 999", '{"b": {"op": "le", "value": 999}}', 999),
    ("b BETWEEN 0 AND 999", '{"b": {"op": "between", "value": [0, 999]}}', 999),
    ("b < 'Infinity'", '{"b": {"op": "lt", "value": "Infinity"}}', 9990),
    ("b < 'nan'", '{"b": {"op": "lt", "value": "NaN"}}', 9990),
    ("b <= 'nan'", '{"b": {"op": "le", "value": "NaN"}}', 10_000),
]


@pytest.mark.parametrize("sql, condition, count", NAN)
def test_nan_is_the_largest_value_everywhere(server, sql, condition, count):
    assert server.value(f"SELECT count(*) FROM nan WHERE {sql}") == count
    page = server.page("nan", filter=condition, limit=1)
    answer = server.ask("POST", "/api/v1/datasets/nan/aggregate",
                        {"filter": json.loads(condition), "measures": ["count"]})  # fmt: skip
    assert answer.json()["rows"] == [[count]]
    assert page["total_rows"] in (count, None) or not page["total_exact"]
    assert len(server.page("nan", filter=condition, limit=20_000)["rows"]) == count


@pytest.mark.parametrize("sort, wanted", [("-b", [3, 2, 1, 4]), ("b", [1, 2, 3, 4])])
def test_pages_by_a_column_with_nan_end(server, sort, wanted):
    got, after = [], None
    for _ in range(len(wanted) + 2):
        page = server.page("few", sort=sort, limit=1, **({"after": after} if after else {}))
        got += [row[0] for row in page["rows"]]
        after = page["next"]
        if not after:
            break
    assert got == wanted and not after


def test_nan_is_not_folded_away(server):
    answer = server.sql("SELECT id, nullif(b, 'nan'::DOUBLE) FROM few ORDER BY id").json()
    assert answer["rows"] == [[1, 1.0], [2, 2.0], [3, None], [4, None]]
    assert server.value("SELECT max(b) IS NOT DISTINCT FROM 'nan'::DOUBLE FROM nan")


def test_nan_of_either_sign_is_found(server):
    for sql in ("x = 'NaN'::DOUBLE", "x IN ('nan', 3)", "isnan(x)"):
        assert server.value(f"SELECT count(*) FROM negative WHERE {sql}") == 500 + (" IN " in sql)


VALUES = {
    "t": pa.array(range(-128, 128), pa.int8()),
    "big": pa.array([2**62 + i * i for i in range(256)], pa.int64()),
    "u": pa.array([2**64 - 1 - 3 * i for i in range(256)], pa.uint64()),
    "x": pa.array([i / 10 for i in range(256)], pa.float64()),
    "near": pa.array([1 + i % 5 * 2.0**-52 for i in range(256)], pa.float64()),
    "wide": pa.array([(i - 128) * 1e306 for i in range(256)], pa.float64()),
    "d": pa.array([Decimal(i) / 10 for i in range(256)], pa.decimal128(10, 1)),
    "day": pa.array([datetime.date(2024, 1, 1) + datetime.timedelta(i) for i in range(256)], pa.date32()),
    "at": pa.array([datetime.datetime(1900, 1, 1) + datetime.timedelta(microseconds=7 * i) for i in range(256)],
                   pa.timestamp("us")),
    "far": pa.array([Decimal(10**17 + i).scaleb(-2) for i in range(256)], pa.decimal128(18, 2)),
    "units": pa.array([Decimal(10**18 + i) for i in range(256)], pa.decimal128(20, 0)),
    "digits": pa.array([Decimal(2**70 + i * i) for i in range(256)], pa.decimal128(38, 0)),
    "fraction": pa.array([Decimal(i - 128).scaleb(-38) for i in range(256)], pa.decimal128(38, 38)),
    "ends": pa.array([Decimal((10**38 - 1) * (-1) ** i) for i in range(256)], pa.decimal128(38, 0)),
    "least": pa.array([Decimal(-99 + i % 2) for i in range(256)], pa.decimal128(2, 0)),
    "ns": pa.array([-900 + 7 * i for i in range(256)], pa.int64()).cast(pa.timestamp("ns")),
}  # fmt: skip


def nanoseconds(text):
    """Since 1970, of 1969-12-31T23:59:59.999999993."""
    seconds, _, fraction = text.partition(".")
    since = datetime.datetime.fromisoformat(seconds) - datetime.datetime(1970, 1, 1)
    return since // datetime.timedelta(seconds=1) * 10**9 + int(fraction.ljust(9, "0"))


@pytest.fixture(scope="module")
def edges(serve_module, tmp_path_factory):
    file = tmp_path_factory.mktemp("edges") / "h.parquet"
    pq.write_table(pa.table(VALUES), file)
    return serve_module(f"h={file}")


@pytest.mark.parametrize("bins", [1, 2, 3, 7, 10, 100, 256])
@pytest.mark.parametrize("column", VALUES)
def test_counts_equal_their_own_edges(edges, column, bins):
    answer = edges.get("/api/v1/datasets/h/histogram", column=column, bins=bins)
    assert answer.status == 200, answer.body
    rows = answer.json()["rows"]
    kind = VALUES[column].type
    values = VALUES[column].cast(pa.int64()).to_pylist() if column == "ns" else VALUES[column].to_pylist()
    if column in ("day", "at"):
        form = datetime.datetime.fromisoformat
        midnight = datetime.time()
        values = [value if column == "at" else datetime.datetime.combine(value, midnight) for value in values]
    else:
        # Digit by digit: a double has not all of a decimal's.
        form = nanoseconds if column == "ns" else Decimal if pa.types.is_decimal(kind) else float
    assert sum(row[3] for row in rows) == len(values)
    for row in rows:
        low, high = form(row[1]), form(row[2])
        last = row[0] == rows[-1][0]
        assert row[3] == sum(low <= value < high or (last and value == high) for value in values), row


def test_edges_of_integers_carry_no_rounding(edges):
    rows = edges.get("/api/v1/datasets/h/histogram", column="t", bins=3).json()["rows"]
    assert [row[1:] for row in rows] == [[-128.0, -43.0, 85], [-43.0, 42.0, 85], [42.0, 127.0, 86]]


def test_quantiles_of_wide_decimals_are_exact(serve, tmp_path):
    """Between two neighbours by their digits: doubles have 15 of them."""
    rng = random.Random(7)
    tables = {}
    for width, scale in ((9, 2), (18, 4), (18, 0), (22, 10), (38, 10)):
        digits = [rng.randrange(-(10**width) + 1, 10**width) for _ in range(41)]
        tables[f"d{width}_{scale}"] = pa.array([Decimal(value).scaleb(-scale) for value in digits],
                                               pa.decimal128(width, scale))  # fmt: skip
    tables["same"] = pa.array([Decimal("99999999999999.9999")] * 41, pa.decimal128(18, 4))
    pq.write_table(pa.table(tables), tmp_path / "measures.parquet")
    server = serve(f"measures={tmp_path / 'measures.parquet'}")
    with localcontext() as context:
        context.prec = 60
        for name, column in tables.items():
            values = sorted(column.to_pylist())
            for q in (0, 0.1, 0.125, 0.25, 0.5, 0.9, 1):
                if name == "d38_10" and q not in (0, 1):
                    continue  # told in docs/api.md: more digits than decimals have
                place = Decimal(str(q)) * (len(values) - 1)
                low = int(place)
                wanted = values[low]
                if place != low:
                    wanted += (values[low + 1] - wanted) * (place - low)
                got = measured(server, "quantile", name, q=q)
                assert got.status == 200 and Decimal(str(got.json()["rows"][0][0])) == wanted, (name, q, got.body)
