"""Wrong requests: unknown parameters by name, values out of range, cursors of others; always a problem document."""

import base64
import json

import pytest

ROUTES = ["/api/v1/datasets", "/api/v1/datasets/many", "/api/v1/datasets/many/rows", "/api/v1/datasets/many/export",
          "/api/v1/queries", "/health", "/metrics", "/data/arrow_ipc", "/data/parquet",
          "/data/arrow_ipc_polars_direct", "/data/aggregated_summary"]  # fmt: skip


def problem(answer, status=400, code="InvalidData"):
    assert (answer.status, answer.code) == (status, code), answer.body
    return answer.json()


@pytest.mark.parametrize("route", ROUTES)
def test_unknown_parameters_are_named(many, route):
    document = problem(many.server.get(route, ofset="1"))
    assert '"ofset"' in document["detail"] and document["instance"] == route
    assert '"%<é>"' in problem(many.server.get(route, **{"%<é>": "1"}))["detail"]


def test_unknown_members_of_the_body_are_named(many):
    answer = many.server.sql("SELECT 1", limits=5)
    assert '"limits"' in problem(answer)["detail"]


@pytest.mark.parametrize("parameters", [
    {"limit": "-1"}, {"limit": "x"}, {"limit": ""}, {"limit": "1.5"}, {"limit": "1e3"}, {"limit": " 1"},
    {"limit": "99999999999999999999"}, {"limit": "0x10"}, {"offset": "-1"}, {"offset": "9223372036854775808"},
    {"offset": "+1"}, {"seed": "-1"}, {"seed": "a"}, {"timeout_ms": "0"}, {"timeout_ms": "-5"},
    {"timeout_ms": "3600001"}, {"format": "xml"}, {"format": ""}, {"format": "JSON"}, {"format": "a" * 1000},
    {"compression": "zstd"}, {"numbers": "float"}, {"numbers": ""}, {"after": "nonsense"}, {"after": "e30"},
])  # fmt: skip
def test_values_out_of_range(many, parameters):
    problem(many.server.rows("many", **parameters))
    problem(many.server.get("/api/v1/datasets/many/export", **parameters))


def test_a_parameter_given_twice(many):
    assert '"limit"' in problem(many.server.get("/api/v1/datasets/many/rows?limit=1&limit=2"))["detail"]


@pytest.mark.parametrize("query", ["limit=%zz", "%=1", "limit=1%", "limit=%e"])
def test_broken_escapes(many, query):
    problem(many.server.get("/api/v1/datasets/many/rows?" + query))


@pytest.mark.parametrize("query", ["", "?", "?&&", "?limit=2&", "?limit=%32", "?l%69mit=2", "?columns=id&limit=2"])
def test_harmless_spellings(many, query):
    assert many.server.get("/api/v1/datasets/one/rows" + query).status == 200


def test_datasets_that_are_not_there(many):
    for path in ("", "/rows", "/export"):
        for name in ("nosuch", "MANY", "..", "%2e%2e", "a%2fb", "%00", "many%20", "x" * 3000):
            answer = many.server.get(f"/api/v1/datasets/{name}{path}")
            assert answer.status == 404 and answer.code in ("DatasetNotFound", "NotFound"), (name, answer.body)
    problem(many.server.get("/data/parquet", dataset="nosuch"), 404, "DatasetNotFound")
    assert "dataset" in problem(many.server.get("/data/parquet"))["detail"]


def test_accept_without_a_format_of_ours(many):
    answer = many.server.rows("one", {"Accept": "image/png"}, limit=1)
    problem(answer, 406, "NotAcceptable")
    assert many.server.rows("one", {"Accept": "image/png"}, limit=1, format="csv").status == 200
    assert many.server.rows("one", {"Accept": "text/html, */*;q=0.1"}, limit=1).json()
    assert many.server.rows("one", {"Accept": "text/*"}, limit=1).headers["content-type"].startswith("text/csv")


def cursor_of(server, **parameters):
    return server.page("many", limit=5, columns="id", **parameters)["next"]


def test_cursors_belong_to_their_selection(many):
    server = many.server
    plain, filtered = cursor_of(server), cursor_of(server, filter={"tie": 1})
    sorted_ = cursor_of(server, sort="big")
    assert problem(server.rows("many", after=plain, offset=1))
    problem(server.rows("one", after=plain), 410, "CursorExpired")  # of another dataset
    assert problem(server.rows("many", after=sorted_, sort="big,id"))
    assert problem(server.rows("many", after=sorted_))
    assert problem(server.rows("many", after=filtered, sort="big"))


def test_a_cursor_of_another_column_of_as_many_keys(many):
    """The cursor of sort=big must not silently continue sort=-big or sort=fine."""
    sorted_ = cursor_of(many.server, sort="big")
    assert problem(many.server.rows("many", after=sorted_, sort="-big", limit=5, columns="id"))
    assert problem(many.server.rows("many", after=sorted_, sort="fine", limit=5, columns="id"))


@pytest.mark.parametrize("change", [
    {"o": -1}, {"o": 2**63 - 1}, {"o": "x"}, {"o": 10**30}, {"s": -1}, {"s": 2**63 - 1}, {"v": 5}, {"v": "other"},
    {"f": -5, "o": None}, {"f": 10**9, "r": 10**18, "o": None}, {"k": ["x"], "f": 0, "r": 0, "o": None},
    {"k": [None] * 40, "f": 0, "r": 0, "o": None}, {"k": ["1); SELECT 1 --"], "f": 0, "r": 0, "o": None}, {"k": {}},
    {"f": "0", "r": "0", "o": None}, {"zz": 1},
])  # fmt: skip
@pytest.mark.parametrize("sort", (None, "big", "day"))
def test_cursors_made_by_hand(many, change, sort):
    """What a client forges is refused or gives some page: never a failure of the server."""
    cursor = cursor_of(many.server, sort=sort)
    document = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    document.update(change)
    document = {key: value for key, value in document.items() if value is not None}
    forged = base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")
    answer = many.server.rows("many", after=forged, sort=sort, limit=5, columns="id")
    if answer.status != 200:
        problem(answer, *((410, "CursorExpired") if change.get("v") == "other" else (400, "InvalidData")))


@pytest.mark.parametrize("cursor", ["", "a", "%", "e30=", "!!!!", "AAAA" * 500, "W10", "bnVsbA", "eyJ2Ijo1fQ"])
def test_cursors_that_are_none(many, cursor):
    answer = many.server.rows("many", after=cursor, limit=5, columns="id")
    if cursor == "":
        assert answer.status == 200
        return
    problem(answer)


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b"1", b"null", b'"SELECT 1"', b"{}", b'{"sql": 1}', b'{"sql": null}', b'{"sql": ""}',
    b'{"sql": "SELECT 1", "limit": -1}', b'{"sql": "SELECT 1", "limit": "5"}', b'{"sql": "SELECT 1", "limit": 1.5}',
    b'{"sql": "SELECT 1", "timeout_ms": 0}', b'{"sql": "SELECT 1", "timeout_ms": 99999999999}',
    b'{"sql": "SELECT 1", "timeout_ms": "x"}', b'{"sql": "SELECT 1", "format": "xml"}', b"\xff\xfe",
    b'{"sql": "SELECT 1", "format": 5}', b'{"sql": "SELECT 1", "numbers": "x"}', b'{"sql": "SELECT 1"} x',
    b'{"sql": "SELECT 1", "parameters": 5}', b'{"sql": "SELECT 1", "parameters": "a"}', b'{"sql": "\xff"}',
    b'{"sql": "SELECT 1", "sql": "SELECT 2", "x": 1}', b'{"sql": "SELECT 1", "compression": 5}',
    b'{"sql": "SELECT ' + b"1" * 100 + b'"', b'{"sql": "SELECT 1", "limit": 1e400}',
    b'{"sql": "SELECT \\ud800"}',
])  # fmt: skip
def test_bodies_that_make_no_sense(many, body):
    answer = many.server.ask("POST", "/api/v1/query", body)
    assert answer.status == 400 and answer.code in ("InvalidData", "QueryInvalid"), answer.body


def test_bodies_of_another_type(many):
    body = b'{"sql": "SELECT 1"}'
    answer = many.server.ask("POST", "/api/v1/query", body, {"Content-Type": "text/plain"})
    problem(answer, 415, "UnsupportedMediaType")
    for type_ in ("application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/ld+json"):
        assert many.server.ask("POST", "/api/v1/query", body, {"Content-Type": type_}).status == 200


@pytest.mark.parametrize("opening", ["[", '{"a":', '{"sql": ['])
def test_json_a_hundred_thousand_deep(many, opening):
    answer = many.server.ask("POST", "/api/v1/query", opening.encode() * 100_000)
    assert answer.status == 400 and answer.code == "InvalidData"
    filter_ = opening * 1000
    assert many.server.rows("many", filter=filter_).status in (400, 414, 431)
    assert many.server.value("SELECT 1") == 1
