"""Pages: offset and limit, columns, sort, sample, and walks along `next` that give every row exactly once."""

import pytest
from many_rows import CUTS, NESTED, ROWS, SCALARS

FILTERS = {
    "none": (None, "true"),
    "half": ({"id": {"op": "ge", "value": 71}}, "id >= 71"),
    "scattered": ({"or": [{"tie": 1}, {"flag": True}]}, "tie = 1 OR flag"),
    "nothing": ({"id": -1}, "false"),
    "one": ({"id": 61}, "id = 61"),
}


@pytest.mark.parametrize("dataset", ("many", "one", "sheet", "lines"))
@pytest.mark.parametrize(("offset", "limit"), [
    (0, 0), (0, 1), (5, 0), (ROWS, 5), (ROWS - 1, 5), (ROWS + 1, 5), (4611686018427387903, 5), (None, None),
    (0, 4611686018427387903), (7, 4), (8, 1), (8, 2), (9, 9), (60, 1), (60, 3), (61, 1), (55, 20), (1, None),
    (149, None),
])  # fmt: skip
def test_offset_and_limit(many, dataset, offset, limit):
    parameters = {"offset": offset, "limit": limit, "columns": "id"}
    page = many.server.page(dataset, **parameters)
    start = offset or 0
    end = ROWS if limit is None else min(ROWS, start + limit)
    assert [row[0] for row in page["rows"]] == list(range(start, end))
    assert (page["total_rows"], page["total_exact"]) == (ROWS, True)
    if end >= ROWS or start >= ROWS:
        assert page["next"] is None
    elif limit:
        assert page["next"] is not None
    lines = many.server.rows(dataset, format="ndjson", **parameters)
    assert len(lines.body.splitlines()) == max(0, end - start)


def test_pages_span_files_and_row_groups(many):
    for start in range(0, ROWS, 11):
        for limit in (1, 9, 30, 100):
            assert many.got(offset=start, limit=limit) == list(range(start, min(ROWS, start + limit))), (start, limit)


@pytest.mark.parametrize("dataset", ("many", "one", "sheet"))
@pytest.mark.parametrize("filter_", (None, {"id": {"op": "lt", "value": 9}}))
def test_columns_in_the_order_asked_for(many, dataset, filter_):
    names = ["money", "id", "big"]
    page = many.server.page(dataset, columns=",".join(names), limit=3, filter=filter_)
    assert [column["name"] for column in page["columns"]] == names
    all_names = [column["name"] for column in many.server.page(dataset, limit=0)["columns"]]
    everything = many.server.page(dataset, limit=3, filter=filter_)["rows"]
    assert page["rows"] == [[row[all_names.index(name)] for name in names] for row in everything]


@pytest.mark.parametrize("columns", ["nosuch", "id,", ",", "id,,big", "id;big", '"nosuch"', "id,nosuch", "*"])
def test_columns_that_are_not_there(many, columns):
    answer = many.server.rows("many", columns=columns)
    assert (answer.status, answer.code) == (400, "InvalidData")


def test_a_column_asked_for_twice(many):
    answer = many.server.rows("many", columns="id,id", limit=2)
    assert answer.status == 400 or answer.json()["rows"] == [[0, 0], [1, 1]]
    sorted_ = many.server.rows("many", columns="id,id", limit=2, sort="id")
    assert sorted_.status == answer.status, "the two ways to read disagree"


@pytest.mark.parametrize("dataset", ("many", "one"))
@pytest.mark.parametrize("column", SCALARS)
def test_sort_by_one_column(many, dataset, column):
    for sign, order in (("", "ASC"), ("-", "DESC"), ("+", "ASC")):
        wanted = many.ids(order=f"{column} {order} NULLS LAST, id")
        assert many.got(dataset, sort=sign + column) == wanted, sign
        assert many.got(dataset, sort=sign + column, offset=20, limit=30) == wanted[20:50], sign


@pytest.mark.parametrize("column", sorted(NESTED))
def test_sort_by_nested_columns(many, column):
    wanted = many.ids(order=f"{column} ASC NULLS LAST, id")
    answer = many.server.rows("many", columns="id", sort=column)
    assert answer.status == 400 or [row[0] for row in answer.json()["rows"]] == wanted


@pytest.mark.parametrize(("sort", "order"), [
    ("tie,big", "tie NULLS LAST, big NULLS LAST, id"),
    ("-tie,-fine", "tie DESC NULLS LAST, fine DESC NULLS LAST, id"),
    ("flag,-tie,words", "flag NULLS LAST, tie DESC NULLS LAST, words NULLS LAST, id"),
    (" tie , -id ", "tie NULLS LAST, id DESC"),
    ("-id,id", "id DESC"),
])  # fmt: skip
def test_sort_by_several_columns(many, sort, order):
    assert many.got(sort=sort) == many.ids(order=order)
    assert many.got(sort=sort, limit=13, offset=3) == many.ids(order=order)[3:16]
    assert many.got(sort=sort, filter={"tie": {"op": "ne", "value": 2}}) == many.ids("tie IS DISTINCT FROM 2", order)


@pytest.mark.parametrize("sort", ["nosuch", "-", "id,", "--id", "id desc", ",".join(["id"] * 33), "id,-nosuch"])
def test_sorts_that_make_no_sense(many, sort):
    answer = many.server.rows("many", sort=sort)
    assert (answer.status, answer.code) == (400, "InvalidData")


def filter_for(dataset, name):
    """(filter, SQL condition); the text files have no column flag."""
    return ({"tie": 1}, "tie = 1") if dataset in ("sheet", "lines") and name == "scattered" else FILTERS[name]


@pytest.mark.parametrize("dataset", ("many", "one", "sheet", "lines"))
@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("limit", (1, 7, 50, ROWS))
def test_walk_in_file_order(many, dataset, name, limit):
    filter_, where = filter_for(dataset, name)
    if limit == 1 and name != "one" and dataset != "many":
        pytest.skip("a page per row: once is enough")
    wanted = many.ids(where)
    ids, pages = many.walk(dataset, limit, filter=filter_)
    assert ids == wanted
    check_totals(pages, len(wanted), name == "none")


def check_totals(pages, total, always):
    """An exact total is the total; it is exact on the last page, and on all where nothing is filtered."""
    for page in pages:
        assert page["total_exact"] is (page["total_exact"] is True)
        if page["total_exact"]:
            assert page["total_rows"] == total, page
    assert pages[-1]["total_exact"] and (not always or all(page["total_exact"] for page in pages))


@pytest.mark.parametrize("column", SCALARS)
@pytest.mark.parametrize("sign", ("", "-"))
def test_walk_in_the_order_of_any_column(many, column, sign):
    wanted = many.ids(order=f"{column} {'DESC' if sign else 'ASC'} NULLS LAST, id")
    ids, pages = many.walk(limit=13, sort=sign + column)
    assert ids == wanted
    check_totals(pages, ROWS, True)


@pytest.mark.parametrize("dataset", ("many", "one", "sheet", "lines"))
@pytest.mark.parametrize(("sort", "order"), [
    ("tie", "tie NULLS LAST, id"), ("-tie,-big", "tie DESC NULLS LAST, big DESC NULLS LAST, id"),
    ("money,tie,-moment", "money NULLS LAST, tie NULLS LAST, moment DESC NULLS LAST, id"),
])  # fmt: skip
@pytest.mark.parametrize("name", ("half", "scattered", "nothing"))
def test_walk_filtered_and_sorted(many, dataset, sort, order, name):
    filter_, where = filter_for(dataset, name)
    wanted = many.ids(where, order)
    ids, pages = many.walk(dataset, 9, sort=sort, filter=filter_)
    if dataset in ("many", "one"):
        assert ids == wanted
    assert sorted(ids) == sorted(wanted)
    check_totals(pages, len(wanted), False)


def test_a_known_total_stays_known(many):
    filter_ = {"id": {"op": "lt", "value": 33}, "tie": 0}
    total = len(many.ids("id < 33 AND tie = 0"))
    many.walk(limit=4, filter=filter_)
    first = many.server.page("many", limit=2, filter=filter_)
    assert (first["total_rows"], first["total_exact"]) == (total, True)


def test_total_headers_of_streams(many):
    answer = many.server.rows("many", format="csv", limit=3)
    assert (answer.headers["x-total-rows"], answer.headers["x-total-exact"]) == (str(ROWS), "true")


@pytest.mark.parametrize("dataset", ("many", "one"))
def test_sample_of_rows(many, dataset):
    first = many.got(dataset, sample="20 rows", seed=7)
    assert len(set(first)) == 20 and first == sorted(first)
    assert many.got(dataset, sample="20 rows", seed=7) == first
    assert many.got(dataset, sample="20 rows", seed=8) != first
    assert len(many.got(dataset, sample="1000 rows")) == ROWS
    assert set(many.got(dataset, sample="20 rows", seed=7, sort="-id")) == set(first)
    late = many.got(dataset, sample="5 rows", filter={"id": {"op": "ge", "value": 100}})
    assert len(late) == 5 and min(late) >= 100


@pytest.mark.parametrize("dataset", ("many", "one", "sheet"))
def test_sample_of_a_share(many, dataset):
    first = many.got(dataset, sample="30%", seed=1)
    assert many.got(dataset, sample="30%", seed=1) == first
    assert any(many.got(dataset, sample="30%", seed=seed) != first for seed in (2, 3))
    assert 15 <= len(first) <= 80 and first == sorted(first)
    assert many.got(dataset, sample="100%") == list(range(ROWS))


def test_shares_of_three_million(flights):
    count = flights.get("/api/v1/datasets/flights/export", sample="1%", seed=3, format="csv", columns="delay")
    assert abs(len(count.body.splitlines()) - 1 - 30_000) < 1500


@pytest.mark.parametrize("sample", ["0%", "101%", "-1%", "x", "10", "1.5 rows", "0 rows", "%", "NaN%", "10 lines"])
def test_samples_that_make_no_sense(many, sample):
    answer = many.server.rows("many", sample=sample, limit=1)
    if sample == "10":
        assert answer.status in (200, 400)
        return
    assert (answer.status, answer.code) == (400, "InvalidData")


def test_deep_pages_of_flights(flights, oracle):
    for offset in (0, 262_143, 262_144, 1_500_000, 2_999_990, 3_000_000):
        wanted = oracle.execute(f"SELECT delay, origin FROM flights LIMIT 10 OFFSET {offset}").fetchall()
        page = flights.page("flights", offset=offset, limit=10, columns="delay,origin")
        assert [tuple(row) for row in page["rows"]] == wanted, offset


def test_the_cuts_are_where_the_tests_think(many):
    files = many.server.get("/api/v1/datasets/many").json()["file_list"]
    assert [file["rows"] for file in files] == [end - start for start, end in zip(CUTS, CUTS[1:])]
