"""Schemas: what records must be, their keys, and records one by one, by the routes and by the files on the disk."""

import glob
import json
import threading

import duckdb
import pytest
from serving import Server, wait_for

JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}
FIELDS = [{"name": "field1", "type": "string", "required": True}, {"name": "field2", "type": "integer", "minimum": 0}]


@pytest.fixture
def server(serve):
    return serve()


def make(server, name="s", fields=FIELDS, status=201, **members):
    answer = server.ask("POST", "/api/v1/schemas", {"name": name, "fields": fields, **members}, JSON)
    assert answer.status == status, answer.body
    return answer.json()


def bulk(server, records, name="s", status=200, headers=None, **query):
    body = records if isinstance(records, bytes) else json.dumps(records).encode()
    answer = server.ask("POST", f"/api/v1/high-performance/ultra-fast-bulk/{name}", body, {**JSON, **(headers or {})},
                        **query)  # fmt: skip
    assert answer.status == status, answer.body[:800]
    return answer.json()


def sql(server, text, **body):
    answer = server.ask("POST", "/query/sql", {"sql": text, **body})
    assert answer.status == 200, answer.body[:800]
    return answer.json()["data"]


def rules(problem):
    return [(error["record"], error.get("field"), error.get("rule")) for error in problem["errors"]]


def record(server, key, name="s"):
    return server.get(f"/api/v1/records/{name}/{key}")


def test_a_schema_has_versions(server):
    made = make(server, description="two fields")
    assert (made["version"], made["primary_key"], made["cast"]) == (1, ["id"], False)
    answer = server.ask("POST", "/api/v1/schemas", {"name": "s", "fields": []}, JSON)
    assert (answer.status, answer.code) == (409, "DuplicateRecord")
    bulk(server, [{"field1": "a", "field2": 1}])
    wider = [*FIELDS, {"name": "field3", "type": "date"}]
    replaced = server.ask("PUT", "/api/v1/schemas/s", {"fields": wider}, JSON).json()
    assert replaced["version"] == 2 and [field["name"] for field in replaced["fields"]][-1] == "field3"
    # What is there is NULL in the new column, which is one before any record has it.
    assert sql(server, "SELECT field1, field3 FROM s") == [{"field1": "a", "field3": None}]
    seen = server.get("/api/v1/schemas/s").json()
    assert [entry["version"] for entry in seen["versions"]] == [1, 2] and seen["records"] == 1
    assert len(server.get("/api/v1/schemas/s", version="1").json()["fields"]) == 2
    assert server.get("/api/v1/schemas/s", version="3").code == "SchemaNotFound"
    assert [entry["name"] for entry in server.get("/api/v1/schemas").json()["schemas"]] == ["s"]
    assert server.ask("DELETE", "/api/v1/schemas/s").status == 204
    assert server.get("/api/v1/schemas/s").code == "SchemaNotFound"
    # The records stay, and may be anything.
    bulk(server, [{"field2": "x"}])
    assert sql(server, "SELECT count(*) AS n FROM s") == [{"n": 2}]
    for method in ("PUT", "DELETE"):
        answer = server.ask(method, "/api/v1/schemas/s", {"fields": []} if method == "PUT" else None, JSON)
        assert (answer.status, answer.code) == (404, "SchemaNotFound")


@pytest.mark.parametrize("body", [
    {"name": "x", "fields": [{"name": "a", "type": "text"}]}, {"name": "x", "fields": [{"name": "a", "kind": 1}]},
    {"name": "x", "fields": [{"name": "a", "type": "string", "pattern": "("}]}, {"name": "a/b", "fields": []},
    {"name": "x", "fields": [], "primary_key": "nobody"}, {"fields": []}, {"name": "x"},
])  # fmt: skip
def test_what_is_no_schema(server, body):
    answer = server.ask("POST", "/api/v1/schemas", body, JSON)
    assert (answer.status, answer.code) == (400, "SchemaValidation"), answer.body


def test_every_rule_names_record_and_field(server):
    make(server, fields=[
        {"name": "n", "type": "integer", "required": True, "minimum": 1, "maximum": 9},
        {"name": "s", "type": "string", "min_length": 2, "max_length": 4, "pattern": "^[a-z]+$", "enum": ["ab", "abc"]},
        {"name": "b", "type": "boolean"}, {"name": "d", "type": "date", "minimum": "2025-01-01"},
        {"name": "t", "type": "timestamp"}, {"name": "x", "type": "number", "default": 0.5},
        {"name": "l", "type": "array"}, {"name": "o", "type": "object"}], additional_fields=False)  # fmt: skip
    bad = [{"n": 1}, {}, {"n": 0}, {"n": 10}, {"n": "1"}, {"n": 1.5}, {"n": 1, "s": "a"}, {"n": 1, "s": "abcde"},
           {"n": 1, "s": "AB"}, {"n": 1, "s": "ba"}, {"n": 1, "b": "true"}, {"n": 1, "d": "2024-12-31"},
           {"n": 1, "d": "2025-02-30"}, {"n": 1, "t": "noon"}, {"n": 1, "x": True}, {"n": 1, "l": {}},
           {"n": 1, "o": []}, {"n": 1, "more": 1}, {"n": 1, "id": 7}]  # fmt: skip
    problem = bulk(server, bad, status=400)
    assert problem["code"] == "InvalidData" and "Nothing was kept" in problem["detail"]
    assert rules(problem) == [
        (1, "n", "required"), (2, "n", "minimum"), (3, "n", "maximum"), (4, "n", "type"), (5, "n", "type"),
        (6, "s", "min_length"), (7, "s", "max_length"), (8, "s", "pattern"), (9, "s", "enum"), (10, "b", "type"),
        (11, "d", "minimum"), (12, "d", "type"), (13, "t", "type"), (14, "x", "type"), (15, "l", "type"),
        (16, "o", "type"), (17, "more", "additional_fields"), (18, "id", "type")]  # fmt: skip
    assert sql(server, "SELECT count(*) AS n FROM s") == [{"n": 0}]
    # Lines are told, malformed ones among them, and quarantine keeps the good.
    lines = b"".join(json.dumps(each).encode() + b"\n" for each in [bad[0], bad[2]]) + b"{]\n" + b'{"n": 2}\n'
    answer = bulk(server, lines, headers=NDJSON, on_error="quarantine")
    assert (answer["records_processed"], answer["quarantined"]) == (2, 2)
    assert [(error["line"], error.get("rule")) for error in answer["errors"]] == [(2, "minimum"), (3, None)]
    (kept,) = glob.glob(str(server.folder / "data/collections/s/quarantine/*.ndjson"))
    assert [json.loads(line)["text"] for line in open(kept)] == ['{"n": 0}', "{]"]
    assert sql(server, "SELECT n, x FROM s ORDER BY n") == [{"n": 1, "x": 0.5}, {"n": 2, "x": 0.5}]


def test_values_are_cast_on_request(server):
    fields = [{"name": "n", "type": "integer"}, {"name": "x", "type": "number"}, {"name": "b", "type": "boolean"},
              {"name": "t", "type": "timestamp"}, {"name": "s", "type": "string"}]  # fmt: skip
    make(server, fields=fields)
    texts = [{"n": "12", "x": "0.1", "b": "true", "t": "2025-01-01T10:00:00+02:00", "s": 7}]
    assert rules(bulk(server, texts, status=400)) == [(0, "n", "type")]
    bulk(server, texts, cast="true")
    csv = b"n,x,b,t,s\n13,1,false,2025-01-02,8\n"
    answer = server.ask("POST", "/ingest", csv, {"Content-Type": "text/csv"}, collection="s")
    assert answer.status == 200, answer.body
    rows = sql(server, "SELECT n, x, b, t::VARCHAR AS t, s FROM s ORDER BY n")
    assert rows == [{"n": 12, "x": 0.1, "b": True, "t": "2025-01-01 08:00:00", "s": "7"},
                    {"n": 13, "x": 1.0, "b": False, "t": "2025-01-02 00:00:00", "s": "8"}]  # fmt: skip
    assert rules(server.ask("POST", "/ingest", b"n\nx\n", {"Content-Type": "text/csv"}, collection="s").json()) == [
        (0, "n", "type")]  # fmt: skip
    types = {column["name"]: column["type"] for column in server.get("/schema", collection="s").json()["columns"]}
    assert types == {"n": "BIGINT", "x": "DOUBLE", "b": "BOOLEAN", "t": "TIMESTAMP", "s": "VARCHAR", "id": "VARCHAR",
                     "ingested_at": "TIMESTAMP"}  # fmt: skip


def test_cells_of_text_fields_are_kept_as_they_came(server):
    make(server, fields=[{"name": "k", "type": "string"}, {"name": "s", "type": "string"}], primary_key=["k"])
    cells = ["0.00001", "10000000000000000.0", "1.0E10", "1e-05", "12345678901234567890", "99999999999999999999999999",
             "007", "true", "1.10"]  # fmt: skip
    body = "k,s,id\n" + "".join(f"{number},{cell},{cell}\n" for number, cell in enumerate(cells))
    answer = server.ask("POST", "/ingest", body.encode(), {"Content-Type": "text/csv"}, collection="s")
    assert answer.status == 200, answer.body
    rows = sql(server, "SELECT k, s, id FROM s ORDER BY k")
    assert rows == [{"k": str(number), "s": cell, "id": cell} for number, cell in enumerate(cells)]
    assert record(server, "2").json()["data"]["s"] == "1.0E10"


def test_times_finer_than_microseconds_are_refused(server):
    make(server, fields=[{"name": "k", "type": "string"}, {"name": "t", "type": "timestamp"}], primary_key=["t"])
    fine = "2024-01-01T00:00:00.123456789Z"
    csv = f"k,t\na,{fine}\n".encode()
    for problem in (bulk(server, [{"k": "a", "t": fine}], status=400),
                    server.ask("POST", "/ingest", csv, {"Content-Type": "text/csv"}, collection="s").json()):
        assert rules(problem) == [(0, "t", "type")]
        assert "below microseconds" in problem["errors"][0]["message"]
    bulk(server, [{"k": "a", "t": "2024-01-01T00:00:00.123456000Z"}])
    assert sql(server, "SELECT epoch_us(t) AS t FROM s") == [{"t": 1704067200123456}]
    assert record(server, "2024-01-01T00:00:00.123456000Z").status == 200
    assert record(server, fine).status == 400


def test_a_long_body_is_checked_as_it_comes(server):
    make(server)
    records = [{"id": f"r{i}", "field1": "x" * 50, "field2": i} for i in range(60_000)]
    assert bulk(server, records)["records_processed"] == 60_000
    records = [{"id": f"s{i}", "field1": "x" * 50, "field2": i} for i in range(60_000)]
    records[50_000]["field2"] = -1
    assert rules(bulk(server, records, status=400)) == [(50_000, "field2", "minimum")]
    records[50_000].update(id="r7", field2=1)
    problem = bulk(server, records, status=409)
    assert problem["code"] == "DuplicateRecord" and rules(problem) == [(50_000, "id", "primary_key")]
    assert sql(server, "SELECT count(*) AS n FROM s") == [{"n": 60_000}]


def test_keys_are_kept_across_merges_and_restarts(serve, tmp_path):
    folder = tmp_path / "one"
    fields = [{"name": "a", "type": "integer"}, {"name": "b", "type": "date"},
              {"name": "mail", "type": "string", "unique": True}, {"name": "v", "type": "integer"}]  # fmt: skip
    flags = ["--merge-after-s", "1"]
    first = {"a": 1, "b": "2025-01-01", "mail": "x", "v": 1}

    def check(server):
        problem = bulk(server, [{**first, "mail": "other"}], status=409)
        assert rules(problem) == [(0, "a, b", "primary_key")]
        assert rules(bulk(server, [{**first, "a": 2}], status=409)) == [(0, "mail", "unique")]
        assert rules(bulk(server, [{**first, "a": 3, "mail": "n"}, {**first, "a": 3, "mail": "m"}], status=409)) == [
            (1, "a, b", "primary_key")]  # fmt: skip
        assert rules(bulk(server, [{"a": 4, "v": 2}], status=400)) == [(0, "b", "required")]
        assert sql(server, "SELECT a, b::VARCHAR AS b, mail, v FROM s ORDER BY a") == [
            first, {"a": 9, "b": "2025-01-01", "mail": None, "v": 3}]  # fmt: skip

    with Server(folder, flags=flags) as server:
        make(server, fields=fields, primary_key=["a", "b"])
        bulk(server, [first])
        bulk(server, [{"a": 9, "b": "2025-01-01", "v": 1}])
        bulk(server, [{"a": 9, "b": "2025-01-01", "v": 2}, {"a": 9, "b": "2025-01-01", "v": 3}], on_conflict="update")
        bulk(server, [{**first, "v": 5, "mail": "z"}], on_conflict="ignore")
        check(server)
    with Server(folder, flags=flags) as server:
        check(server)
        wait_for(lambda: server.get("/statistics", collection="s").json()["unmerged_commits"] == 0)
        check(server)
        # Merged, the rows that were replaced are gone from the files.
        assert duckdb.sql(f"SELECT count(*) FROM '{folder}/data/collections/s/parquet/data_*.parquet'").fetchall() == [
            (2,)]  # fmt: skip
    with Server(folder) as server:
        check(server)


def test_keys_beyond_their_memory_are_refused(serve, tmp_path):
    """64 KiB are a table of 2,048 places, of which four fifths are used before it is doubled."""
    flags = ["--key-memory", "64KiB"]
    with Server(tmp_path / "one", flags=flags) as server:
        make(server)
        bulk(server, [{"id": f"r{i}", "field1": "a"} for i in range(1600)])
        problem = bulk(server, [{"id": f"s{i}", "field1": "a"} for i in range(100)], status=507)
        assert problem["code"] == "MemoryLimit" and "key_memory" in problem["detail"]
    with Server(tmp_path / "one", flags=flags) as server:
        bulk(server, [{"id": f"r{i}", "field1": "b"} for i in range(500)], on_conflict="update")
        assert server.ask("DELETE", "/api/v1/records/s/r7").status == 204
        bulk(server, [{"id": f"s{i}", "field1": "c"} for i in range(30)])
        assert sql(server, "SELECT field1, count(*) AS n FROM s GROUP BY field1 ORDER BY field1") == [
            {"field1": "a", "n": 1100}, {"field1": "b", "n": 499}, {"field1": "c", "n": 30}]  # fmt: skip


def test_a_record_by_its_key(server):
    make(server)
    created = server.ask("POST", "/api/v1/records", {"schema": "s", "data": {"field1": "a", "field2": 2**53 + 1}}, JSON)
    assert created.status == 201, created.body
    key = created.json()["id"]
    assert created.headers["location"] == f"/api/v1/records/s/{key}"
    assert record(server, key).json()["data"]["field2"] == str(2**53 + 1)
    again = server.ask("POST", "/api/v1/records", {"id": key, "field1": "b"}, JSON, schema="s")
    assert (again.status, again.code) == (409, "DuplicateRecord")
    put = server.ask("PUT", f"/api/v1/records/s/{key}", {"field1": "c", "more": 0.1}, JSON)
    assert put.status == 200 and put.json()["id"] == key, put.body
    data = record(server, key).json()["data"]
    assert (data["field1"], data["field2"], data["more"]) == ("c", None, 0.1)
    put = server.ask("PUT", f"/api/v1/records/s/{key}", {"field1": "c", "field2": 2**53 + 1}, JSON)
    patch = server.ask("PATCH", f"/api/v1/records/s/{key}", {"field1": "d", "more": None}, JSON)
    assert patch.status == 200, patch.body
    data = record(server, key).json()["data"]
    assert (data["field1"], data["field2"], data["more"]) == ("d", str(2**53 + 1), None)
    for method, body, status in [("PUT", {"field2": 1}, 400), ("PATCH", {"field1": None}, 400), ("PATCH", [1], 400),
                                 ("PUT", {"field1": "x", "id": "o"}, 400), ("PATCH", {"field2": -1}, 400)]:  # fmt: skip
        assert server.ask(method, f"/api/v1/records/s/{key}", body, JSON).status == status, (method, body)
    assert sql(server, "SELECT count(*) AS n FROM s") == [{"n": 1}]
    assert server.ask("DELETE", f"/api/v1/records/s/{key}").status == 204
    for method, body in [("GET", None), ("PUT", {"field1": "x"}), ("PATCH", {"field1": "x"}), ("DELETE", None)]:
        answer = server.ask(method, f"/api/v1/records/s/{key}", body, JSON)
        assert (answer.status, answer.code) == (404, "RecordNotFound"), method
    assert sql(server, "SELECT count(*) AS n FROM s") == [{"n": 0}]
    # Its key is free again.
    server.ask("POST", "/api/v1/records", {"id": key, "field1": "again"}, JSON, schema="s")
    assert record(server, key).json()["data"]["field1"] == "again"
    assert record(server, key, "nosuch").code == "SchemaNotFound"


def test_deleted_stays_deleted(serve, tmp_path):
    folder = tmp_path / "one"
    with Server(folder) as server:
        make(server)
        bulk(server, [{"id": f"r{i}", "field1": "a", "field2": i} for i in range(100)])
        for i in range(0, 100, 2):
            assert server.ask("DELETE", f"/api/v1/records/s/r{i}").status == 204
        bulk(server, [{"id": "r0", "field1": "new"}])
        expected = sql(server, "SELECT id, field1 FROM s ORDER BY id")
        assert len(expected) == 51
    for flags in ([], ["--merge-after-s", "1"]):
        with Server(folder, flags=flags) as server:
            assert sql(server, "SELECT id, field1 FROM s ORDER BY id") == expected
            rows = server.rows("s", sort="id", limit="1000", format="ndjson").body.splitlines()
            assert [json.loads(row)["id"] for row in rows] == [row["id"] for row in expected]
            assert server.get("/statistics", collection="s").json()["total_records"] == 51
            if flags:
                wait_for(lambda: server.get("/statistics", collection="s").json()["unmerged_commits"] == 0)
    with Server(folder) as server:
        assert sql(server, "SELECT id, field1 FROM s ORDER BY id") == expected
        for row in expected:
            assert server.ask("DELETE", f"/api/v1/records/s/{row['id']}").status == 204
    with Server(folder, flags=["--merge-after-s", "1"]) as server:
        assert sql(server, "SELECT count(*) AS n FROM s") == [{"n": 0}]
        wait_for(lambda: server.get("/statistics", collection="s").json()["unmerged_commits"] == 0)
        assert sql(server, "SELECT count(*) AS n FROM s") == [{"n": 0}]
        bulk(server, [{"id": "r5", "field1": "back"}])
        assert sql(server, "SELECT field1 FROM s") == [{"field1": "back"}]


def test_one_of_many_writers_has_a_key(server):
    """Requests that wait together are one commit: of those with one key the first is kept, and the others' batches are
    refused without harm to their neighbours."""
    make(server)
    statuses = []

    def write(number):
        for i in range(20):
            answer = server.ask("POST", "/api/v1/records", {"id": f"k{i}", "field1": f"{number}"}, JSON, schema="s")
            own = server.ask("POST", "/api/v1/records", {"id": f"own{number}-{i}", "field1": ""}, JSON, schema="s")
            statuses.append((i, answer.status, own.status))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(20):
        assert sorted(status for at, status, _ in statuses if at == i) == [201] + [409] * 7
    assert {own for _, _, own in statuses} == {201}
    assert sql(server, "SELECT count(*) AS n, count(DISTINCT id) AS ids FROM s") == [{"n": 180, "ids": 180}]


def test_changes_of_one_record_by_many_are_all_kept(server):
    make(server, fields=[{"name": f"f{n}", "type": "integer"} for n in range(6)])
    bulk(server, [{"id": "one"}])

    def change(number):
        for value in range(10):
            answer = server.ask("PATCH", "/api/v1/records/s/one", {f"f{number}": value}, JSON)
            assert answer.status == 200, answer.body
            assert record(server, "one").json()["data"][f"f{number}"] == value

    threads = [threading.Thread(target=change, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    data = record(server, "one").json()["data"]
    assert [data[f"f{number}"] for number in range(6)] == [9] * 6
    assert sql(server, "SELECT count(*) AS n FROM s") == [{"n": 1}]


def test_a_schema_for_records_that_are_there(server):
    for records in ([{"id": "a", "k": 1}, {"id": "b", "k": 2}], [{"id": "c", "k": 1}]):
        body = "".join(json.dumps(each) + "\n" for each in records).encode()
        assert server.ask("POST", "/ingest", body, NDJSON, collection="s").status == 200
    fields = [{"name": "k", "type": "integer"}]
    assert make(server, fields=fields, primary_key="k", status=409)["code"] == "DuplicateRecord"
    assert make(server, fields=[{"name": "k", "type": "string"}], primary_key="k", status=400)["code"] == (
        "SchemaValidation")  # fmt: skip
    make(server, fields=fields)
    assert rules(bulk(server, [{"id": "a"}], status=409)) == [(0, "id", "primary_key")]
    assert server.ask("DELETE", "/api/v1/records/s/c").status == 204
    assert server.ask("PUT", "/api/v1/schemas/s", {"fields": fields, "primary_key": "k"}, JSON).status == 200
    assert rules(bulk(server, [{"k": 2}], status=409)) == [(0, "k", "primary_key")]
    assert record(server, "1").json()["data"]["id"] == "a"


def test_records_without_a_key(server):
    make(server, primary_key=[])
    bulk(server, [{"id": "a", "field1": "x"}, {"id": "a", "field1": "x"}])
    assert sql(server, "SELECT count(*) AS n FROM s") == [{"n": 2}]
    assert record(server, "a").status == 200
    for method in ("PUT", "DELETE"):
        answer = server.ask(method, "/api/v1/records/s/a", {"field1": "y"} if method == "PUT" else None, JSON)
        assert (answer.status, answer.code) == (400, "SchemaValidation")
    assert bulk(server, [{"field1": "x"}], status=400, on_conflict="update")["code"] == "SchemaValidation"


@pytest.mark.parametrize(("path", "method"), [
    ("ultra-fast-bulk", "POST"), ("query-optimized", "GET"), ("stream-arrow-batches", "GET"),
    ("export-parquet", "POST"), ("analyze", "GET"), ("benchmark", "POST"),
])  # fmt: skip
def test_no_such_schema(server, path, method):
    answer = server.ask(method, f"/api/v1/high-performance/{path}/nosuch", b"[]" if method == "POST" else None, JSON)
    assert (answer.status, answer.code) == (404, "SchemaNotFound"), answer.body


@pytest.mark.parametrize(("body", "status"), [
    ({"schema": "s", "data": [{"field1": "a"}, {"field1": "b"}]}, 200), ({"schema_name": "s", "records": []}, 200),
    ({"data": [], "schema": "s"}, 400), ({"schema": "s", "data": {"field1": "a"}}, 400), ({"schema": "s"}, 400),
    ({"schema": "nosuch", "data": []}, 404), ({"schema": "s", "more": 1, "data": []}, 400), ([], 400),
])  # fmt: skip
def test_the_envelope_of_a_bulk(server, body, status):
    make(server)
    answer = server.ask("POST", "/api/v1/records/bulk", body, JSON)
    assert answer.status == status, answer.body
    if status == 200:
        assert answer.json()["records_processed"] == len(body.get("data", []))


def test_a_search_finds_no_record_that_was_deleted_or_replaced(server):
    make(server)
    bulk(server, [{"id": f"r{i}", "field1": f"heron {i}", "field2": i} for i in range(10)])

    def found():
        answer = server.ask("POST", "/query/search", {"query": "heron"}, collection="s")
        assert answer.status == 200, answer.body[:800]
        return {row["id"] for row in answer.json()["data"]}

    assert found() == {f"r{i}" for i in range(10)}
    assert server.ask("DELETE", "/api/v1/records/s/r3").status in (200, 204)
    bulk(server, [{"id": "r5", "field1": "egret", "field2": 5}], on_conflict="update")
    assert found() == {f"r{i}" for i in range(10)} - {"r3", "r5"}


def test_declared_keys_have_bloom_filters(serve):
    """Of single fields, in commits and in parts; a composite key's fields repeat, so a filter would tell little."""
    server = serve(flags=["--merge-after-s", "3600", "--grace-s", "0"])
    fields = [{"name": name, "type": kind, "unique": name == "mail"} for name, kind in
              (("code", "string"), ("mail", "string"), ("number", "integer"))]  # fmt: skip
    made = server.ask("POST", "/api/v1/schemas", {"name": "people", "fields": fields, "primary_key": ["code"]})
    assert made.status == 201, made.body
    for first in (0, 500):
        rows = [{"code": f"c{i}", "mail": f"m{i}@example.com", "number": i} for i in range(first, first + 500)]
        assert server.ask("POST", "/api/v1/records/bulk", {"schema": "people", "data": rows}).status == 200
    folder = server.folder / "data/collections/people"
    for _ in range(2):
        for path in folder.rglob("*.parquet"):
            filtered = duckdb.sql(f"SELECT DISTINCT path_in_schema FROM parquet_metadata('{path}') "
                                  "WHERE bloom_filter_offset IS NOT NULL").fetchall()  # fmt: skip
            assert {name for (name,) in filtered} == {"id", "code", "mail"}, path
        for i in (0, 499, 500, 999):
            answer = server.get(f"/api/v1/records/people/c{i}")
            assert answer.status == 200 and answer.json()["data"]["number"] == i
        assert server.get("/api/v1/records/people/c1000").status == 404
        assert server.ask("POST", "/api/v1/collections/people/compact").status == 200


@pytest.mark.parametrize("damage", ["empty", "foreign", "folder", "dangling"])
def test_a_schema_that_cannot_be_read_blocks_its_collection_alone(serve, serve_in, damage):
    """Nobody knows its keys, so which versions of its records count: no answer, no write, and the others go on."""
    server = serve()
    for name in ("good", "bad"):
        make(server, name, [{"name": "n", "type": "integer"}])
        bulk(server, [{"id": "1", "n": 1}], name)
    server.stop()
    path = server.folder / "data/schemas/bad.json"
    kept = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage == "dangling":
        path.symlink_to("/nowhere")
    else:
        path.write_bytes(b"" if damage == "empty" else b'{"versions": [{"name": "other"}]}')
    again = serve_in(server.folder)
    assert again.value("SELECT count(*)::BIGINT FROM good") == 1
    bulk(again, [{"id": "2", "n": 2}], "good")
    health = again.get("/health")
    assert health.status == 503 and [entry["name"] for entry in health.json()["collections_blocked"]] == ["bad"]
    assert again.ask("POST", "/api/v1/query", {"sql": "SELECT * FROM bad"}).status == 503
    assert again.ask("POST", "/api/v1/records/bulk?schema=bad", [{"id": "3", "n": 3}]).status in (400, 404, 503)
    assert again.ask("POST", "/ingest?collection=bad", [{"id": "3", "n": 3}]).status == 503
    other = {"name": "bad", "fields": [{"name": "n", "type": "integer"}]}
    assert again.ask("POST", "/api/v1/schemas", other).status == 503
    again.stop()
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink()
    path.write_bytes(kept)
    healed = serve_in(server.folder)
    assert healed.get("/health").status == 200 and healed.value("SELECT count(*)::BIGINT FROM bad") == 1
