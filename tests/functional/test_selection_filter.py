"""Filters: every op on every type gives the rows that DuckDB gives; values go in as the JSON rows show them."""

import csv
import io
import json

import hard_table
import pytest
from many_rows import NESTED, SCALARS, SHEET

SIGNS = {"eq": "=", "ne": "IS DISTINCT FROM", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def values_of(many, column, dataset="many"):
    """{JSON text: (JSON value, the first id that has it)} of the values in a column, without NULL."""
    rows = many.server.page(dataset, columns=f"id,{column}")["rows"]
    found = {}
    for row_id, value in rows:
        if value is not None and json.dumps(value) not in found:
            found[json.dumps(value)] = (value, row_id)
    return list(found.values())


def of_row(column, row_id):
    return f"(SELECT {column} FROM many WHERE id = {row_id})"


@pytest.mark.parametrize("column", ["id", *SCALARS])
def test_comparisons(many, column):
    for value, row_id in values_of(many, column)[:12]:
        for op, sign in SIGNS.items():
            wanted = many.ids(f"{column} {sign} {of_row(column, row_id)}")
            assert many.got(filter={column: {"op": op, "value": value}}) == wanted, (op, value)
        assert many.got(filter={column: value}) == many.ids(f"{column} = {of_row(column, row_id)}")


@pytest.mark.parametrize("column", ["id", *SCALARS])
def test_lists_and_ranges_and_nulls(many, column):
    values = values_of(many, column)
    (low, low_id), (high, high_id) = values[0], values[-1]
    pair = f"({of_row(column, low_id)}, {of_row(column, high_id)})"
    wanted = many.ids(f"{column} IN {pair}")
    assert many.got(filter={column: {"op": "in", "value": [low, high]}}) == wanted
    with_null = many.ids(f"{column} IN {pair} OR {column} IS NULL")
    assert many.got(filter={column: {"op": "in", "value": [low, None, high]}}) == with_null
    between = f"{column} BETWEEN {of_row(column, low_id)} AND {of_row(column, high_id)}"
    assert many.got(filter={column: {"op": "between", "value": [low, high]}}) == many.ids(between)
    missing, present = many.ids(f"{column} IS NULL"), many.ids(f"{column} IS NOT NULL")
    for condition in (None, {"op": "is_null"}, {"op": "is_null", "value": True}, {"op": "eq", "value": None}):
        assert many.got(filter={column: condition}) == missing
    for condition in ({"op": "is_null", "value": False}, {"op": "ne", "value": None}):
        assert many.got(filter={column: condition}) == present
    assert many.got(filter={"not": {column: low}}) == many.ids(
        f"NOT coalesce({column} = {of_row(column, low_id)}, false)")  # fmt: skip


@pytest.mark.parametrize("column", sorted(NESTED))
def test_nested_columns_by_what_is_displayed(many, column):
    """Lists, structs and maps are JSON texts, in a grid as in CSV: equal to one, one of some, a part of one."""
    answer = many.server.rows("many", columns=f"id,{column}", format="csv", limit=1000)
    with_null = set(many.ids(f"{column} IS NULL"))
    shown = {int(row_id): text for row_id, text in list(csv.reader(io.StringIO(answer.body.decode(), newline="")))[1:]}
    texts = sorted({text for row_id, text in shown.items() if row_id not in with_null})
    assert len(texts) > 1
    for text in texts:
        wanted = [row_id for row_id, other in shown.items() if other == text]
        assert many.got(filter={column: {"op": "eq", "value": text}}) == wanted, text
        assert many.got(filter={column: text}) == wanted, text
        assert set(wanted) <= set(many.got(filter={column: {"op": "contains", "value": text[1:-1]}})), text
        assert not set(wanted) & set(many.got(filter={column: {"op": "ne", "value": text}})), text
    first, last = texts[0], texts[-1]
    wanted = [row_id for row_id, text in shown.items() if text in (first, last) and row_id not in with_null]
    assert many.got(filter={column: {"op": "in", "value": [first, last]}}) == wanted
    assert many.got(filter={column: None}) == sorted(with_null)
    assert many.got(filter={column: {"op": "eq", "value": "no such value"}}) == []


@pytest.mark.parametrize("pattern", [
    "%", "_", "a%", "%\"%", "%'%", "%\\%", "%\n%", "%😀%", "_", "%a\u0301%", "a,b;c%", "", "NULL", "%--%", "');%",
    "%è%", "100%", "[a-z]", "%/%", "%\u0000%", "$1", "?",
])  # fmt: skip
def test_text_patterns(many, pattern):
    literal = hard_table.text_literal(pattern)
    assert many.got(filter={"words": {"op": "like", "value": pattern}}) == many.ids(f"words LIKE {literal}")
    wanted = many.ids(f"contains(lower(words), lower({literal}))")
    assert many.got(filter={"words": {"op": "contains", "value": pattern}}) == wanted
    assert many.got(filter={"words": pattern}) == many.ids(f"words = {literal}")


def test_numbers_as_text_patterns(many):
    wanted = many.ids("big::VARCHAR LIKE '%99%'")
    assert many.got(filter={"big": {"op": "like", "value": "%99%"}}) == wanted
    assert many.got(filter={"day": {"op": "contains", "value": "-12-"}}) == many.ids("contains(day::VARCHAR, '-12-')")


@pytest.mark.parametrize("column", ["clock", "at_s", "at_ms", "moment", "at_ns", "instant", "bytes"])
def test_contains_what_is_displayed(many, column):
    """Times with a T, a Z and three, six or nine digits; bytes as base64: whole, and a part of them."""
    for value, row_id in values_of(many, column):
        if value[:1] in ("+", "-"):
            continue  # years that are written with a sign
        for part in (value, value[3:], value[value.rfind(".") :]):
            assert row_id in many.got(filter={column: {"op": "contains", "value": part}}), (value, part)
    assert many.got(filter={column: {"op": "contains", "value": "T.Z"}}) == []


@pytest.mark.parametrize(("filter_", "where"), [
    ({}, "true"),
    ({"and": []}, "true"),
    ({"or": []}, "false"),
    ({"tie": 1, "flag": True}, "tie = 1 AND flag"),
    ({"flag": False}, "NOT flag"),
    ({"or": [{"tie": 1}, {"flag": True}]}, "tie = 1 OR flag"),
    ({"not": {"or": [{"tie": 1}, {"flag": True}]}}, "NOT coalesce(tie = 1 OR flag, false)"),
    ({"not": {"not": {"tie": 1}}}, "coalesce(tie = 1, false)"),
    ({"or": [{"and": [{"tie": 0}, {"id": {"op": "lt", "value": 50}}]}, {"not": {"id": {"op": "lt", "value": 140}}}]},
     "(tie = 0 AND id < 50) OR NOT (id < 140)"),
    ({"id": {"op": "between", "value": [59, 63]}}, "id BETWEEN 59 AND 63"),
    ({"id": {"op": "between", "value": [63, 59]}}, "false"),
    ({"big": {"op": "lt", "value": 0.5}}, "big < 0.5"),
    ({"id": {"op": "ge", "value": 10.5}}, "id >= 10.5"),
    ({"id": 10.5}, "false"),
    ({"id": {"op": "ne", "value": 1e300}}, "true"),
    ({"tiny": {"op": "lt", "value": 1000}}, "tiny < 1000"),
    ({"tiny": {"op": "gt", "value": -9223372036854775808}}, "tiny IS NOT NULL"),
    ({"big": 9007199254740993}, "big = 9007199254740993"),
    ({"big": "9007199254740993"}, "big = 9007199254740993"),
    ({"big": 9223372036854775807}, "big = 9223372036854775807"),
    ({"big": {"op": "le", "value": 9223372036854775808}}, "big IS NOT NULL"),
    ({"big": {"op": "gt", "value": "-170141183460469231731687303715884105727"}}, "big IS NOT NULL"),
    ({"ubig": 18446744073709551615}, "ubig = 18446744073709551615"),
    ({"huge": "99999999999999999999999999999999999999"}, "huge = 99999999999999999999999999999999999999"),
    ({"money": 0.1}, "money = 0.10"),
    ({"money": "0.10"}, "money = 0.10"),
    ({"money": "0.101"}, "false"),
    ({"money": {"op": "gt", "value": "0.099"}}, "money > 0.099"),
    ({"fine": "0.0000000001"}, "fine = 0.0000000001"),
    ({"fine": {"op": "lt", "value": 0.0000000001}}, "fine < 0.0000000001"),
    ({"fine": "9999999999999999999999999999.9999999999"}, "fine = 9999999999999999999999999999.9999999999"),
    ({"fine": {"op": "gt", "value": "0.00000000005"}}, "fine >= 0.0000000001"),
    ({"money": {"op": "lt", "value": "1e30"}}, "money IS NOT NULL"),
    ({"real": "NaN"}, "isnan(real)"),
    ({"real": {"op": "gt", "value": "Infinity"}}, "isnan(real)"),
    ({"real": {"op": "lt", "value": "-1.7976931348623157e308"}}, "real = '-inf'"),
    ({"real": 0}, "real = 0"),
    ({"single": 0.1}, "single = 0.1::FLOAT"),
    ({"moment": "1969-12-31T23:59:59.999999"}, "moment = '1969-12-31 23:59:59.999999'"),
    ({"at_ns": "1969-12-31T23:59:59.999999999"}, "at_ns = '1969-12-31 23:59:59.999999999'::TIMESTAMP_NS"),
    ({"instant": "1969-12-31T13:29:59.5-05:00"}, "instant = '1969-12-31 23:59:59.5+05:30'::TIMESTAMPTZ"),
    ({"day": {"op": "lt", "value": "0001-01-01"}}, "day < '0001-01-01'"),
    ({"moment": {"op": "ge", "value": "1970-01-01"}}, "moment >= '1970-01-01'"),
])  # fmt: skip
def test_groups_and_exactness(many, filter_, where):
    assert many.got(filter=filter_) == many.ids(where)


@pytest.mark.parametrize(("text", "where"), [
    ('{"huge": 99999999999999999999999999999999999999}', "huge = 99999999999999999999999999999999999999"),
    ('{"fine": 9999999999999999999999999999.9999999999}', "fine = 9999999999999999999999999999.9999999999"),
    ('{"fine": {"op": "lt", "value": 9999999999999999999999999999.9999999999}}',
     "fine < 9999999999999999999999999999.9999999999"),
    ('{"money": 9999999999.99}', "money = 9999999999.99"),
])  # fmt: skip
def test_bare_numbers_are_exact_or_refused(many, text, where):
    answer = many.server.rows("many", columns="id", filter=text)
    assert answer.status == 400 or [row[0] for row in answer.json()["rows"]] == many.ids(where)


@pytest.mark.parametrize("dataset", ("sheet", "lines"))
def test_text_files(many, dataset):
    for column in SHEET.split(", "):
        for value, row_id in values_of(many, column, dataset)[:6]:
            if dataset == "lines" and column == "real":
                continue  # DuckDB writes NaN into JSON as text
            wanted = many.ids(f"{column} = {of_row(column, row_id)}")
            assert many.got(dataset, filter={column: value}) == wanted, (column, value)


@pytest.mark.parametrize("filter_", [
    "", "[]", "1", '"a"', "{", "null]", '{"nosuch": 1}', '{"id": [1]}', '{"id": {"op": "like"}, "and": 1}',
    '{"id": {"op": "in", "value": []}}', '{"id": {"op": "in", "value": 1}}', '{"id": {"op": "between", "value": [1]}}',
    '{"id": {"op": "regex", "value": 1}}', '{"id": {}}', '{"id": {"op": "eq", "value": 1, "x": 2}}',
    '{"id": {"op": "eq", "value": {"a": 1}}}', '{"id": "x"}', '{"day": "yesterday"}', '{"day": "2024-13-01"}',
    '{"money": "1,5"}', '{"real": "abc"}', '{"flag": "perhaps"}', '{"bytes": "!!"}', '{"moment": 5}',
    '{"clock": "25:00"}',    '{"or": [1]}', '{"not": []}', '{"and": {"id": 1}}', '{"or": null}', '{"id": {"op": 1}}',
    '{"id": {"op": "between", "value": [null, 1]}}', '{"id": {"op": "between", "value": [[1], 2]}}',
    '{"id": {"op": "in", "value": [[1]]}}', '{"id": {"op": "in", "value": [{"a": 1}]}}', '{"id": NaN}',
    '{"id": 1e999}', '{"ID\\u0000": 1}', '{"id": "1; DROP TABLE x"}', '{"id) OR (1=1": 1}',
])  # fmt: skip
def test_filters_that_make_no_sense(many, filter_):
    answer = many.server.rows("many", columns="id", filter=filter_, limit=1)
    if filter_ == "" or answer.status == 200 and "between" in filter_ and "null" in filter_:
        assert answer.status == 200
        return
    assert (answer.status, answer.code) == (400, "InvalidData"), answer.body


def test_limits_of_filters(many):
    deep = {"id": 1}
    for _ in range(14):
        deep = {"not": deep}
    assert many.got(filter=deep) == [1]
    for _ in range(60):
        deep = {"not": deep}
    wide = {"id": {"op": "in", "value": list(range(1500))}}
    for filter_ in (deep, wide, {"and": [{"id": 1}] * 700}):
        answer = many.server.rows("many", filter=filter_)
        assert answer.code == {400: "InvalidData", 414: "UriTooLong", 431: "HeadersTooLarge"}[answer.status]
