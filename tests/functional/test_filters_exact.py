"""Filters against values that are not quite of the column's type: an offset, more digits, a rest, true for a number."""

import datetime
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

UTC = datetime.timezone.utc


def micros(*texts):
    return [int(datetime.datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000 for text in texts]


@pytest.fixture(scope="module")
def server(serve_module, tmp_path_factory):
    folder = tmp_path_factory.mktemp("filters")
    times = micros("2024-01-01T00:00:00", "2024-01-01T02:00:00", "2024-01-01T12:00:00")
    times.append(times[2] + 123456)
    table = pa.table({
        "id": [1, 2, 3, 4],
        "ts": pa.array(times, pa.timestamp("us")),
        "tz": pa.array(times, pa.timestamp("us", "UTC")),
        "ns": pa.array([value * 1000 for value in times], pa.timestamp("ns")),
        "ms": pa.array([value // 1000 for value in times], pa.timestamp("ms")),
        "day": pa.array([19723, 19724, 19725, 19723], pa.date32()),
        "time": pa.array([0, 43_200_000_000, 43_200_123_456, 1], pa.time64("us")),
        "s": ["true", "t", "1", "TRUE"],
        "n": [1, 0, 1, 2],
        "f": pa.array([1.5, float("inf"), -1.5, 0.1], pa.float32()),
        "d": pa.array([None, "0.05", "-0.05", "0.50"]).cast(pa.string()).cast(pa.decimal128(2, 2)),
    })  # fmt: skip
    pq.write_table(table, folder / "t.parquet")
    return serve_module(f"t={folder / 't.parquet'}")


def ask(server, condition):
    answer = server.rows("t", filter=json.dumps(condition), columns="id", limit=10)
    if answer.status != 200:
        assert answer.status == 400 and answer.code == "InvalidData", answer.body
        assert "LINE" not in answer.json()["detail"] and "CAST" not in answer.json()["detail"], answer.body
        return "refused"
    return [row[0] for row in answer.json()["rows"]]


def op(name, value):
    return {"op": name, "value": value}


@pytest.mark.parametrize("column", ["ts", "tz", "ns", "ms"])
def test_an_offset_is_of_the_instant(server, column):
    assert ask(server, {column: "2024-01-01T02:00:00+02:00"}) == [1]
    assert ask(server, {column: "2024-01-01T02:00:00Z"}) == [2]
    assert ask(server, {column: op("ge", "2024-01-01T13:00:00+01:00")}) == [3, 4]
    assert ask(server, {column: op("in", ["2023-12-31T22:00:00-02:00", "2024-01-01 02:00"])}) == [1, 2]
    many = [f"2023-01-01T00:{minute:02}:00" for minute in range(60)] + ["2024-01-01T02:00:00+02:00"] * 9
    assert ask(server, {column: op("in", many)}) == [1]


def test_more_digits_lie_between_two_values(server):
    for column, digits in (("ts", "123456"), ("tz", "123456"), ("ns", "123456000")):
        assert ask(server, {column: f"2024-01-01T12:00:00.{digits}"}) == [4]
        assert ask(server, {column: f"2024-01-01T12:00:00.{digits}1"}) == []
        assert ask(server, {column: op("lt", f"2024-01-01T12:00:00.{digits}1")}) == [1, 2, 3, 4]
        assert ask(server, {column: op("ge", f"2024-01-01T12:00:00.{digits}1")}) == []
        assert ask(server, {column: op("ne", f"2024-01-01T12:00:00.{digits}1")}) == [1, 2, 3, 4]
    assert ask(server, {"time": "12:00:00.1234560"}) == [3]
    assert ask(server, {"time": "12:00:00.1234567"}) == []
    assert ask(server, {"time": op("gt", "12:00:00.1234551")}) == [3]


def test_a_time_of_day_beside_a_date(server):
    assert ask(server, {"day": "2024-01-01"}) == [1, 4]
    assert ask(server, {"day": "2024-01-01T00:00:00"}) == [1, 4]
    assert ask(server, {"day": "2024-01-01T12:00"}) == []
    assert ask(server, {"day": op("lt", "2024-01-01T12:00")}) == [1, 4]
    assert ask(server, {"day": op("between", ["2024-01-01T12:00", "2024-01-02T12:00"])}) == [2]


@pytest.mark.parametrize("condition", [
    {"day": "2024-01-01 garbage"}, {"day": "2024-01-01T23:30:00-02:00"}, {"day": "2023-02-29"}, {"day": True},
    {"ts": "2024-01-01T12:00:00 Berlin"}, {"ts": "yesterday"}, {"ts": {"op": "in", "value": ["2024-01-01", "x"]}},
    {"time": "12:00:00+05:00"}, {"time": "12:00:00 x"}, {"n": True}, {"f": False},
])  # fmt: skip
def test_what_is_no_such_value_is_refused(server, condition):
    assert ask(server, condition) == "refused"


def test_far_years_of_nanoseconds(server):
    assert ask(server, {"ns": op("lt", "2300-01-01")}) == [1, 2, 3, 4]
    assert ask(server, {"ns": op("gt", "0001-01-01")}) == [1, 2, 3, 4]
    assert ask(server, {"ns": op("ne", "9999-12-31T23:59:59")}) == [1, 2, 3, 4]
    assert ask(server, {"ns": "2300-01-01"}) == []


def test_true_is_a_text_in_a_column_of_texts(server):
    assert ask(server, {"s": True}) == [1]
    assert ask(server, {"s": op("in", [True, "1"])}) == [1, 3]


def test_numbers_past_the_range_of_float_are_not_infinite(server):
    assert ask(server, {"f": 1e39}) == []
    assert ask(server, {"f": op("lt", 1e39)}) == [1, 3, 4]
    assert ask(server, {"f": 0.1}) == [4]
    assert ask(server, {"f": "Infinity"}) == [2]


def test_decimals_below_one_have_their_zero(server):
    assert ask(server, {"d": op("contains", "0.05")}) == [2, 3]
    assert ask(server, {"d": op("like", "-0.05")}) == [3]
    assert ask(server, {"d": op("like", "0.5%")}) == [4]
