"""SQL over HTTP: parameters, limits, time-outs, errors with their position, running queries and their cancel."""

import threading
import time

import pytest
from canonical import expected
from readers import check
from serving import PATIENCE, wait_for

# Runs for a minute or so, and stops when asked to.
ENDLESS = "SELECT count(*) FROM range(3000000) a, range(3000000) b WHERE (a.range * b.range) % 7 = 3"
# duckdb_interrupt does not stop this one: only ending the process does.
STUBBORN = "SELECT len(list_sort(list_transform(range(60000000), lambda x: hash(x))))"


@pytest.mark.parametrize(("sql", "parameters", "value"), [
    ("SELECT $1 + 1", [41], 42),
    ("SELECT ? || ?", ["a", "b"], "ab"),
    ("SELECT $2 || $1 || $2", ["a", "b"], "bab"),
    ("SELECT $a || $b", {"a": "x", "b": "y"}, "xy"),
    ("SELECT $x::VARCHAR", {"x": "'; DROP TABLE flights; --"}, "'; DROP TABLE flights; --"),
    ("SELECT $1::VARCHAR", ["zero\u0000byte 😀"], "zero\u0000byte 😀"),
    ("SELECT $1 IS NULL", [None], True),
    ("SELECT $1 AND true", [True], True),
    ("SELECT $1::BIGINT", [9223372036854775807], "9223372036854775807"),
    ("SELECT $1::BIGINT", ["-9223372036854775808"], "-9223372036854775808"),
    ("SELECT $1::UBIGINT", [18446744073709551615], "18446744073709551615"),
    ("SELECT $1::HUGEINT", ["170141183460469231731687303715884105727"], "170141183460469231731687303715884105727"),
    ("SELECT $1::DECIMAL(38,10)", ["1234567890123456789012345678.0123456789"],
     "1234567890123456789012345678.0123456789"),
    ("SELECT typeof($1)", [1], "INTEGER"),
    ("SELECT $1::DOUBLE", [0.1], 0.1),
    ("SELECT count(*) FROM flights WHERE origin = $1 AND delay > $2", ["SEA", 60], None),
    ("SELECT ($1::DATE + INTERVAL 1 DAY)::DATE", ["2024-02-28"], "2024-02-29"),
])  # fmt: skip
def test_parameters(flights, oracle, sql, parameters, value):
    if value is None:
        value = oracle.execute(sql, parameters).fetchone()[0]
    got = flights.value(sql, parameters=parameters)
    assert got == value or sql.startswith("SELECT typeof") and got in ("INTEGER", "BIGINT")


@pytest.mark.parametrize(("sql", "parameters"), [
    ("SELECT $1", []), ("SELECT $1 + $2", [1]), ("SELECT $a", {"b": 1}), ("SELECT $1", {"a": 1}), ("SELECT ?", {}),
    ("SELECT 1", [1]), ("SELECT $1", [1, 2]), ("SELECT $1::INT", ["x"]), ("SELECT $1", [[1, 2]]),
    ("SELECT $1", [{"a": 1}]), ("SELECT $1", None), ("SELECT $70000", [1]),
    ("SELECT 1", [0] * 1001),
])  # fmt: skip
def test_parameters_that_do_not_fit(flights, sql, parameters):
    answer = flights.sql(sql, parameters=parameters)
    assert answer.status == 400 and answer.code in ("QueryInvalid", "InvalidData"), answer.body
    assert flights.value("SELECT 1") == 1


@pytest.mark.parametrize("limit", (0, 1, 2047, 2048, 2049, 100_000, 5_000_000, None))
@pytest.mark.parametrize("format_", ("json", "arrow", "parquet"))
def test_limit(flights, oracle, limit, format_):
    rows = min(limit if limit is not None else 300_000, 300_000)
    kinds, columns = expected(oracle, f"SELECT i::BIGINT AS i FROM range({rows}) t(i)")
    answer = flights.sql("SELECT i FROM range(300000) t(i)", limit=limit, format=format_)
    check(answer, format_, kinds, columns)
    if format_ == "json":
        document = answer.json()
        assert (document["total_rows"], document["next"]) == (rows, None)
        assert document["total_exact"] is (rows == 300_000)


def test_a_limit_that_is_just_enough(flights):
    document = flights.sql("SELECT 1 UNION ALL SELECT 2", limit=2).json()
    assert (document["total_rows"], document["total_exact"]) == (2, True)
    document = flights.sql("SELECT * FROM range(4096)", limit=2048).json()
    assert (document["total_rows"], document["total_exact"]) == (2048, False)


@pytest.mark.parametrize("sql", (ENDLESS, STUBBORN))
def test_a_time_out_ends_the_query(flights, sql):
    started = time.monotonic()
    answer = flights.sql(sql, timeout_ms=1000)
    assert (answer.status, answer.code) == (504, "QueryTimeout"), answer.body
    assert 0.9 < time.monotonic() - started < 3 * PATIENCE
    wait_for(lambda: flights.get("/api/v1/queries").json()["queries"] == [])
    assert flights.value("SELECT count(*) FROM flights") == 3_000_000


def test_rows_time_out_too(flights):
    answer = flights.rows("flights", sort="delay,origin,destination,distance,-date", timeout_ms=1)
    assert (answer.status, answer.code) == (504, "QueryTimeout"), answer.body


@pytest.mark.parametrize(("sql", "position"), [
    ("SELEC 1", 0), ("SELECT FROM", 11), ("SELECT\n  nosuch\nFROM flights", 9), ("SELECT nosuch FROM flights", 7),
    ("SELECT 1 FROM nowhere", 14), ("SELECT nofunction(1)", 7), ("SELECT 'é', nosuch FROM flights", 13),
    ("SELECT 1 +", 10), ("SELECT (1", 9), ("SELECT date + origin FROM flights", 12),
])  # fmt: skip
def test_errors_with_their_position(flights, sql, position):
    answer = flights.sql(sql)
    assert answer.status in (400, 403) and answer.code in ("QueryInvalid", "QueryForbidden"), answer.body
    document = answer.json()
    if answer.code == "QueryInvalid":
        assert document.get("position") is not None, document
        assert abs(document["position"] - position) <= 1, document


@pytest.mark.parametrize("sql", [
    "SELECT 'a'::INTEGER", "SELECT 1::TINYINT + 1000::TINYINT", "SELECT 9223372036854775807 + 1",
    "SELECT [1]['a']", "SELECT strptime('x', '%Y')", "SELECT 1 WHERE 'maybe'::BOOLEAN", "SELECT sqrt(-1)",
    "SELECT chr(-5)", "SELECT 10::DECIMAL(2,1)", "SELECT DATE '2024-02-30'", "SELECT regexp_matches('a', '(')",
    "SELECT (SELECT * FROM range(2))", "SELECT error('on purpose')", "SELECT json_extract('{', '$')",
    "SELECT array_value(1)[5]::VARCHAR::INT[]::UUID", "SELECT ''", " ", ";", "--", "/* */", "\u0000", "SELECT 1\u0000",
    "SELECT " + "(" * 2000 + "1" + ")" * 2000, "SELECT " + "1+" * 20000 + "1", "SELECT 'x" * 100,
    "SELECT " + "[" * 100 + "]" * 100,
])  # fmt: skip
def test_statements_that_fail(flights, sql):
    """Whatever is wrong with a statement is the client's: a 4xx (or an answer), and the worker goes on."""
    answer = flights.sql(sql)
    assert answer.status == 200 or 400 <= answer.status < 500, answer.body
    if answer.status != 200:
        assert answer.code in ("QueryInvalid", "QueryForbidden", "InvalidData")
    assert flights.value("SELECT 1") == 1


def test_a_statement_harms_no_later_one(flights):
    """A deeply nested type takes much of a worker's memory: whoever comes next must not find it dead."""
    flights.sql("SELECT " + "[" * 300 + "]" * 300, timeout_ms=20_000)
    for _ in range(4):
        assert flights.value(f"SELECT length('{'x' * 900_000}')") == 900_000


def test_a_long_statement(flights):
    text = "x" * 900_000
    assert flights.value(f"SELECT length('{text}')") == 900_000
    answer = flights.sql("SELECT '" + "x" * 1_100_000 + "'")
    assert (answer.status, answer.code) == (413, "PayloadTooLarge")


def running(server):
    return server.get("/api/v1/queries").json()["queries"]


@pytest.mark.parametrize("sql", (ENDLESS, STUBBORN))
def test_cancel_by_another_connection(flights, sql):
    got = []

    def run():
        try:
            got.append(flights.sql(sql, timeout=10 * PATIENCE))
        except OSError as error:
            got.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    entry = wait_for(lambda: next((q for q in running(flights) if q["text"] == sql and q["state"] == "running"), None))
    assert entry["kind"] == "sql" and entry["format"] == "json" and entry["elapsed_ms"] >= 0 and entry["worker"] > 0
    assert flights.ask("DELETE", f"/api/v1/queries/{entry['id']}").status == 204
    thread.join(5 * PATIENCE)
    assert not thread.is_alive(), "the cancelled query's client got no answer"
    assert (got[0].status, got[0].code) == (499, "Cancelled"), got
    wait_for(lambda: not running(flights))
    again = flights.ask("DELETE", f"/api/v1/queries/{entry['id']}")
    assert (again.status, again.code) == (404, "QueryNotFound")


@pytest.mark.parametrize("name", ["0", "-1", "x", "99999999999999999999", "1.5", "%20"])
def test_cancel_of_what_is_not_running(flights, name):
    answer = flights.ask("DELETE", f"/api/v1/queries/{name}")
    assert answer.status in (400, 404) and answer.code in ("InvalidData", "QueryNotFound")


def test_a_client_that_hangs_up_cancels_its_query(flights):
    with pytest.raises(TimeoutError):
        flights.sql(ENDLESS, timeout=0.5)
    wait_for(lambda: not running(flights), seconds=2)


@pytest.mark.parametrize("statement", [
    "SELECT json_structure(repeat('[', 100000) || repeat(']', 100000))",
    """SELECT json_merge_patch(a, a) FROM (SELECT repeat('{"a":', 100000) || '1' || repeat('}', 100000) AS a)""",
])  # fmt: skip
def test_a_statement_that_kills_workers(flights, statement):
    """The engine recurses over JSON without a bound; a second worker shows that it was the statement."""
    refused = flights.sql(statement, timeout=120)
    assert (refused.status, refused.code) == (400, "QueryInvalid")
    assert statement[:60] in refused.json()["detail"]
    assert flights.value("SELECT 1") == 1


def test_json_that_is_written_out_has_a_bound(flights):
    refused = flights.sql(f"SELECT json_structure('{'[' * 2000}{']' * 2000}')")
    assert (refused.status, refused.code) == (400, "QueryInvalid") and "1000 levels" in refused.json()["detail"]


def test_results_larger_than_any_buffer(flights):
    answer = flights.sql("SELECT repeat('x', 100000) AS x FROM range(500)", format="ndjson")
    assert len(answer.body) == 500 * (100_000 + len('{"x":""}\n'))
    one = flights.sql("SELECT repeat('y', 50000000) AS y", format="csv")
    assert len(one.body) == 50_000_003
