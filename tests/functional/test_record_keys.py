"""Keys of records: which unique values are free, what PATCH changes, Idempotency-Keys, addresses, and versions."""

import gzip
import http.client
import json
import threading
import urllib.parse

import pytest
from serving import Server, wait_for

JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}
RECORDS = "/api/v1/records"


@pytest.fixture
def server(serve):
    return serve()


def make(server, name, primary_key, *fields):
    body = {"name": name, "primary_key": primary_key, "fields": list(fields)}
    answer = server.ask("POST", "/api/v1/schemas", body, JSON)
    assert answer.status == 201, answer.body


def text(name, **more):
    return {"name": name, "type": "string", **more}


def add(server, name, record, status=201, headers=None, **query):
    answer = server.ask("POST", RECORDS, record, {**JSON, **(headers or {})}, schema=name, **query)
    assert answer.status == status, answer.body
    return answer


def update(server, name, records, status=200):
    answer = server.ask("POST", f"{RECORDS}/bulk", records, JSON, schema=name, on_conflict="update")
    assert answer.status == status, answer.body


def write(server, method, name, key, body, status=200, headers=None):
    answer = server.ask(method, f"{RECORDS}/{name}/{key}", body, {**JSON, **(headers or {})})
    assert answer.status == status, answer.body
    return answer


def shown(server, name, key):
    answer = server.get(f"{RECORDS}/{name}/{key}")
    assert answer.status == 200, answer.body
    return {k: v for k, v in answer.json()["data"].items() if v is not None and k != "ingested_at"}


def manage(server, name, action, **body):
    """What a job of the management routes says at its end."""
    answer = server.ask("POST", f"/api/v1/collections/{name}/{action}", body, JSON)
    assert answer.status == 200 and answer.json()["state"] == "done", answer.body
    return answer.json()["result"]


def columns(server, name):
    return [column["name"] for column in server.get(f"/api/v1/datasets/{name}").json()["columns"]]


# Unique values


def test_a_unique_value_is_free_once_its_record_is_gone_or_changed(serve, tmp_path):
    with Server(tmp_path / "one") as server:
        make(server, "kv", ["k"], text("k"), text("u", unique=True))
        add(server, "kv", {"k": "a", "u": "x"})
        write(server, "DELETE", "kv", "a", None, 204)
        manage(server, "kv", "compact")
        add(server, "kv", {"k": "a", "u": "x"})
        write(server, "PATCH", "kv", "a", {"u": "y"})
        manage(server, "kv", "compact")
        add(server, "kv", {"k": "b", "u": "x"})
        assert add(server, "kv", {"k": "c", "u": "x"}, 409).code == "DuplicateRecord"
    with Server(tmp_path / "one") as server:
        assert add(server, "kv", {"k": "c", "u": "y"}, 409).code == "DuplicateRecord"
        write(server, "PATCH", "kv", "a", {"u": None})
        add(server, "kv", {"k": "c", "u": "y"})


def test_two_records_exchange_their_unique_values_in_one_batch(server):
    make(server, "kv", ["k"], text("k"), text("u", unique=True))
    update(server, "kv", [{"k": "a", "u": "x"}, {"k": "b", "u": "y"}])
    update(server, "kv", [{"k": "a", "u": "y"}, {"k": "b", "u": "x"}])
    assert (shown(server, "kv", "a")["u"], shown(server, "kv", "b")["u"]) == ("y", "x")
    update(server, "kv", [{"k": "a", "u": "x"}], 409)


def test_a_unique_value_given_again_meanwhile_is_told(server):
    make(server, "kv", ["k"], text("k"), text("u", unique=True))
    add(server, "kv", {"k": "old", "u": "x", "timestamp": "2024-01-10T00:00:00Z"})
    assert manage(server, "kv", "archive", before="2024-W10")["files"]
    add(server, "kv", {"k": "new", "u": "x"})
    assert manage(server, "kv", "verify")["problems"] == []
    told = [problem["problem"] for problem in manage(server, "kv", "restore")["problems"]]
    assert len(told) == 1 and '"u"' in told[0] and told[0].startswith("2 records")
    assert [told[0]] == [problem["problem"] for problem in manage(server, "kv", "verify")["problems"]]
    # Whichever of them changes: the value is taken as long as one of them has it.
    write(server, "PATCH", "kv", "old", {"u": "z"})
    add(server, "kv", {"k": "third", "u": "x"}, 409)
    assert manage(server, "kv", "verify")["problems"] == []


# PATCH


def test_a_patch_replaces_values_of_every_kind(server):
    make(server, "c", ["id"])
    values = [5, "text", 2.5, True, [1, 2], {"a": 1}, 2**60, 12345678901234567890123456789, ["a", 1], "true"]
    for number, value in enumerate(values):
        add(server, "c", {"id": f"r{number}", "v": value, "other": "o"})
    before = columns(server, "c")
    kept = [shown(server, "c", f"r{number}") for number in range(len(values))]
    for number in range(len(values)):
        write(server, "PATCH", "c", f"r{number}", {"other": "p"})
    # An unrelated field was changed: the value is what it was, in the column that it was in.
    assert [shown(server, "c", f"r{number}") for number in range(len(values))] == [{**r, "other": "p"} for r in kept]
    assert columns(server, "c") == before
    for number in range(len(values)):
        write(server, "PATCH", "c", f"r{number}", {"v": 28})
        assert shown(server, "c", f"r{number}") == {"id": f"r{number}", "v": "28", "other": "p"}
        write(server, "PATCH", "c", f"r{number}", {"v": None})
        assert shown(server, "c", f"r{number}") == {"id": f"r{number}", "other": "p"}
    assert columns(server, "c") == before


def test_many_patches_add_no_column_and_lose_no_value(server):
    make(server, "c", ["id"])
    records = [{"id": f"r{n}", "v": n if n % 2 else f"text {n}", "nested": {"a": n if n % 3 else "x", "b": [n, None]},
                "list": [{"q": n}, {"q": 1.5}], "Total": n, "total": str(n), "n": 0} for n in range(60)]  # fmt: skip
    update(server, "c", records)
    before = columns(server, "c")
    rows = {n: shown(server, "c", f"r{n}") for n in range(60)}
    for n in range(60):
        write(server, "PATCH", "c", f"r{n}", {"n": 1})
    assert columns(server, "c") == before
    assert {n: shown(server, "c", f"r{n}") for n in range(60)} == {n: {**row, "n": 1} for n, row in rows.items()}


def test_a_patch_keeps_digits(server):
    make(server, "c", ["id"])
    body = b'{"id": "a", "i": 9007199254740993, "b": 99999999999999999999999999999999999999, "d": 0.1, "e": 1e300, ' \
           b'"z": -0.0, "w": 5.0, "h": 1e17, "t": "2025-01-01T00:00:00Z"}'  # fmt: skip
    assert server.ask("POST", RECORDS, body, JSON, schema="c").status == 201
    before, kept = columns(server, "c"), shown(server, "c", "a")
    write(server, "PATCH", "c", "a", b'{"more": 12345678901234567890.5, "big": 12345678901234567890123}')
    after = shown(server, "c", "a")
    assert {**kept, "more": after["more"], "big": "12345678901234567890123"} == after
    assert columns(server, "c") == [*before, "more", "big"]
    assert server.sql("SELECT signbit(z) AS s FROM c").json()["rows"] == [[True]]


def test_a_patch_keeps_dates_of_other_formats(server, oracle, tmp_path):
    make(server, "c", ["id"])
    oracle.execute(f"COPY (SELECT 'a' AS id, DATE '2025-01-02' AS d, TIMESTAMP '2025-01-02 03:04:05.678' AS t, 1 AS n) "
                   f"TO '{tmp_path}/a.parquet'")  # fmt: skip
    body = (tmp_path / "a.parquet").read_bytes()
    assert server.ask("POST", "/ingest/file", body, collection="c", format="parquet").status == 200
    before, kept = columns(server, "c"), shown(server, "c", "a")
    write(server, "PATCH", "c", "a", {"n": 2})
    assert shown(server, "c", "a") == {**kept, "n": 2} and columns(server, "c") == before


def test_a_patch_that_would_lose_a_value_is_refused(server, oracle, tmp_path):
    make(server, "c", ["id"])
    row = "'a' AS id, 'NaN'::DOUBLE AS x, 'ab'::BLOB AS y, 1 AS n"
    oracle.execute(f"COPY (SELECT {row}) TO '{tmp_path}/a.parquet'")
    body = (tmp_path / "a.parquet").read_bytes()
    assert server.ask("POST", "/ingest/file", body, collection="c", format="parquet").status == 200
    answer = write(server, "PATCH", "c", "a", {"n": 2}, 400)
    assert answer.code == "InvalidData" and '"x"' in answer.json()["detail"]
    write(server, "PATCH", "c", "a", {"n": 2, "x": 1.5, "y": None})
    assert shown(server, "c", "a") == {"id": "a", "x": 1.5, "n": 2}


@pytest.mark.parametrize("body", [b"", b"[1]", b'"x"', b'{"a":1', b'{"a":1}}', b'{"a":1,"a":2}', b'{"a":[1}',
                                  b'{"a" 1}',
                                  b'{"a":1} {"b":2}', b'{"a":"\xff"}', b'{"id":"other"}',
                                  b'{"id":5}', b"null"])  # fmt: skip
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_what_is_no_record_changes_nothing(server, method, body):
    make(server, "c", ["id"], text("id"))
    add(server, "c", {"id": "a", "a": 0})
    assert write(server, method, "c", "a", body, 400).code == "InvalidData"
    assert shown(server, "c", "a") == {"id": "a", "a": 0}


# Idempotency-Key


def test_a_key_of_other_content_is_refused(serve, tmp_path):
    one, two = b'{"id":"i1"}', b'[{"id":"m1"},{"id":"m2"}]'
    key = {"Idempotency-Key": "k1"}

    def send(server, body, headers=(), path="/ingest", **query):
        return server.ask("POST", path, body, {**NDJSON, **key, **dict(headers)}, **query)

    with Server(tmp_path / "one") as server:
        assert send(server, one).json()["repeated"] is False
        again = send(server, two)
        assert (again.status, again.code) == (422, "IdempotencyKeyReused")
        assert send(server, one, on_error="quarantine").status == 422
        # However the same content comes.
        zipped = [("Content-Encoding", "gzip")]
        assert send(server, gzip.compress(one), zipped).json()["repeated"] is True
        assert send(server, gzip.compress(two), zipped).status == 422
        head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.ndjson"\r\n\r\n'
        form = head + one + b"\r\n--b--\r\n"
        multipart = [("Content-Type", "multipart/form-data; boundary=b")]
        assert send(server, form, multipart, "/ingest/file").json()["repeated"] is True
        big = b"".join(b'{"n":%d}\n' % n for n in range(200_000))
        key["Idempotency-Key"] = "k2"
        assert send(server, big).json()["records_processed"] == 200_000
        assert send(server, big + b'{"n":0}').status == 422
        assert send(server, gzip.compress(big), zipped).json()["repeated"] is True
    with Server(tmp_path / "one") as server:
        key["Idempotency-Key"] = "k1"
        manage(server, "all_records", "compact")
        assert send(server, two).status == 422 and send(server, one).json()["repeated"] is True
        assert server.sql("SELECT count(*) FROM all_records").json()["rows"] == [[200_001]]


def test_a_key_that_is_in_use_is_told(server):
    """A second request of a key, sent while the body of the first comes."""
    key = {"Idempotency-Key": "k"}
    second = []

    def pieces():
        rows = 0
        while rows == 0:
            yield (b'{"text":"' + b"x" * 1000 + b'"}\n') * 1000
            rows = server.get("/api/v1/jobs/upload-1").json().get("rows_done", 0)
        second.append(server.ask("POST", "/ingest", b'{"n":1}', {**NDJSON, **key}))

    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request("POST", "/ingest/file?job=upload-1", pieces(), {**NDJSON, **key}, encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()
    assert (second[0].status, second[0].code) == (409, "IdempotencyKeyInUse") and second[0].headers["retry-after"]
    # Now it is known what was kept.
    assert server.ask("POST", "/ingest", b'{"n":1}', {**NDJSON, **key}).status == 422


def test_a_key_is_said_to_be_wrong_for_the_right_reason(server):
    answer = server.ask("POST", "/ingest", {"n": 1}, {**JSON, "Idempotency-Key": "k\xe9y"})
    assert answer.status == 400 and "UTF-8" in answer.json()["detail"]
    answer = server.ask("POST", "/ingest", {"n": 1}, {**JSON, "Idempotency-Key": "k" * 129})
    assert answer.status == 400 and "128 bytes" in answer.json()["detail"]


def test_a_record_under_a_used_key(server):
    make(server, "kv", ["k"], text("k"))
    key = {"Idempotency-Key": "one"}
    first = add(server, "kv", {"k": "a b"}, headers=key)
    assert first.headers["location"] == f"{RECORDS}/kv/a%20b"
    again = add(server, "kv", {"k": "a b"}, 200, key)
    assert again.json()["repeated"] and again.headers["location"] == first.headers["location"]
    assert add(server, "kv", {"k": "b"}, 422, key).code == "IdempotencyKeyReused"
    # The same content, but for another thing to do.
    assert server.ask("POST", "/ingest", {"k": "a b"}, {**JSON, **key}, collection="kv").status == 422
    patch = {"Idempotency-Key": "two"}
    write(server, "PATCH", "kv", "a%20b", {"n": 1}, headers=patch)
    write(server, "PATCH", "kv", "a%20b", {"n": 2})
    assert write(server, "PATCH", "kv", "a%20b", {"n": 1}, headers=patch).json()["repeated"]
    assert shown(server, "kv", "a%20b")["n"] == 2
    add(server, "kv", {"k": "c"})
    write(server, "PATCH", "kv", "c", {"n": 1}, 422, patch)
    write(server, "PUT", "kv", "a%20b", {"n": 1}, 422, patch)


# Addresses


@pytest.mark.parametrize("key", ["a/b", "/", "", ",", "a,b", "%2F", "a%2Fb", ".", "..", "a?b", "#", "é", "a b", "+",
                                 "bulk", "'", '"', "\\", "a&key=b", "\t"])  # fmt: skip
def test_any_key_has_an_address(server, key):
    make(server, "kv", ["k"], text("k"))
    made = add(server, "kv", {"k": key, "n": 1})
    add(server, "kv", {"k": "another"})
    asked = {"key": key}
    for target, query in [(f"{RECORDS}/kv", asked), (made.headers["location"], {})]:
        assert server.get(target, **query).json()["data"]["k"] == key
        assert server.ask("PUT", target, {"n": 2}, JSON, **query).status == 200
        assert server.ask("PATCH", target, {"m": 3}, JSON, **query).status == 200
        found = server.get(target, **query).json()["data"]
        assert (found["k"], found["n"], found["m"]) == (key, 2, 3)
    if key not in ("", ".", ".."):
        assert server.get(f"{RECORDS}/kv/{urllib.parse.quote(key, safe='')}").json()["data"]["n"] == 2
    assert server.ask("DELETE", f"{RECORDS}/kv", **asked).status == 204
    assert server.get(f"{RECORDS}/kv", **asked).code == "RecordNotFound"


def test_a_time_is_one_key_in_every_zone(server):
    make(server, "tk", ["at"], {"name": "at", "type": "timestamp"})
    made = add(server, "tk", {"at": "2025-01-01T01:00:00+01:00", "n": 1})
    assert add(server, "tk", {"at": "2025-01-01T00:00:00Z"}, 409).code == "DuplicateRecord"
    same = ["2025-01-01T01:00:00+01:00", "2025-01-01T00:00:00Z", "2025-01-01", "2024-12-31T19:00:00-05:00",
            "2025-01-01 00:00:00.000"]  # fmt: skip
    for key in same:
        quoted = urllib.parse.quote(key, safe="")
        assert shown(server, "tk", quoted)["n"] == 1
        write(server, "PATCH", "tk", quoted, {"m": key})
        write(server, "PUT", "tk", quoted, {"at": "2025-01-01T02:00:00+02:00", "n": 1})
        assert server.get(f"{RECORDS}/tk", key=key).status == 200
    assert server.get(made.headers["location"]).status == 200
    write(server, "PATCH", "tk", "2025-01-01T00:00:00Z", {"at": "2025-01-01T00:00:00.5Z"}, 400)
    write(server, "DELETE", "tk", urllib.parse.quote(same[0], safe=""), None, 204)


def test_composite_keys_have_commas_of_their_own(server):
    make(server, "ck", ["a", "b"], text("a"), {"name": "b", "type": "integer"})
    make(server, "ct", ["a", "b"], text("a"), text("b"))
    made = add(server, "ck", {"a": "x,y", "b": 7})
    assert made.headers["location"] == f"{RECORDS}/ck/x%2Cy,7" and server.get(made.headers["location"]).status == 200
    assert server.get(f"{RECORDS}/ck/x%2Cy,007").status == 200
    assert server.get(f"{RECORDS}/ck?key=x,y&key=7").status == 200
    assert server.get(f"{RECORDS}/ck/x,y,7").code == "InvalidData"
    assert server.get(f"{RECORDS}/ck/x%2Cy,1.5").code == "InvalidData"
    for key in [("", ""), ("a,", ",b"), ("a/b", "c"), (".", "..")]:
        made = add(server, "ct", {"a": key[0], "b": key[1]})
        found = server.get(made.headers["location"]).json()["data"]
        assert (found["a"], found["b"]) == key
        asked = urllib.parse.urlencode([("key", value) for value in key])
        assert server.ask("DELETE", f"{RECORDS}/ct?{asked}").status == 204
        assert server.get(made.headers["location"]).code == "RecordNotFound"
    assert server.get(f"{RECORDS}/ck?key=x&key=7&key=8").code == "InvalidData"
    assert server.get(f"{RECORDS}/ck").code == "InvalidData"


def test_an_integer_is_not_rounded_to_a_key(server):
    make(server, "ik", ["n"], {"name": "n", "type": "integer"})
    add(server, "ik", {"n": 2})
    assert server.get(f"{RECORDS}/ik/1.5").code == "InvalidData"
    server.ask("POST", "/ingest", [{"id": 2}], JSON, collection="plain")
    assert server.get(f"{RECORDS}/plain/1.5").code == "RecordNotFound"
    assert server.get(f"{RECORDS}/plain/2").status == 200


def test_an_escaped_slash_is_part_of_a_name_in_every_route(server):
    assert server.get("/api/v1/datasets/a%2Frows").code == "DatasetNotFound"
    assert server.get("/api%2Fv1/datasets").code == "NotFound"
    assert server.get("/api/v1/d%61tasets").status == 200


# Versions


def test_a_write_is_of_the_version_it_means(server):
    make(server, "c", ["id"])
    add(server, "c", {"id": "a", "n": 0})
    first = server.get(f"{RECORDS}/c/a").headers["etag"]
    assert first.startswith('"') and server.get(f"{RECORDS}/c/a").headers["etag"] == first
    patched = write(server, "PATCH", "c", "a", {"n": 1}, headers={"If-Match": first})
    now = server.get(f"{RECORDS}/c/a").headers["etag"]
    assert now != first and patched.headers["etag"] == now
    manage(server, "c", "compact")
    assert server.get(f"{RECORDS}/c/a").headers["etag"] == now
    for headers in [{"If-Match": first}, {"If-Match": '"bogus"'}, {"If-Match": "bogus"}, {"If-Match": "W/" + now},
                    {"If-Match": ""}, {"If-None-Match": now}, {"If-None-Match": "W/" + now},
                    {"If-None-Match": "*"}]:  # fmt: skip
        for method, body in [("PUT", {"n": 2}), ("PATCH", {"n": 2}), ("DELETE", None)]:
            assert write(server, method, "c", "a", body, 412, headers).code == "PreconditionFailed", headers
    assert shown(server, "c", "a") == {"id": "a", "n": 1}
    write(server, "PUT", "c", "a", {"n": 2}, headers={"If-Match": f'"x", {first}, {now}'})
    write(server, "PUT", "c", "a", {"n": 3}, headers={"If-Match": "*"})
    write(server, "PATCH", "c", "a", {"n": 4}, headers={"If-None-Match": f"{first}, {now}"})
    now = server.get(f"{RECORDS}/c/a").headers["etag"]
    for condition, status in [({"If-None-Match": now}, 304), ({"If-None-Match": "*"}, 304),
                              ({"If-None-Match": first}, 200), ({"If-Match": first}, 412),
                              ({"If-Match": now}, 200)]:  # fmt: skip
        answer = server.get(f"{RECORDS}/c/a", condition)
        assert answer.status == status and (status != 304 or (answer.headers["etag"] == now and not answer.body))
    write(server, "DELETE", "c", "a", None, 204, {"If-Match": now})
    for method, body in [("PUT", {"n": 1}), ("PATCH", {"n": 1}), ("DELETE", None)]:
        write(server, method, "c", "a", body, 404, {"If-Match": "*"})


def test_one_of_many_writers_has_the_version(server):
    make(server, "c", ["id"])
    add(server, "c", {"id": "a", "n": 0})
    for _ in range(5):
        tag = {"If-Match": server.get(f"{RECORDS}/c/a").headers["etag"]}
        results = []
        methods = ["PATCH", "PUT"] * 4
        threads = [threading.Thread(target=lambda method=method, number=number: results.append(
            server.ask(method, f"{RECORDS}/c/a", {"n": number}, {**JSON, **tag}).status))
            for number, method in enumerate(methods)]  # fmt: skip
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results) == [200] + [412] * 7


@pytest.mark.parametrize("path", [RECORDS + "?schema=c", RECORDS + "/bulk?schema=c", "/ingest?collection=c",
                                  "/ingest/file", "/api/v1/high-performance/ultra-fast-bulk/c",
                                  "/api/v1/schemas"])  # fmt: skip
@pytest.mark.parametrize("condition", ["If-Match", "If-None-Match"])
def test_a_condition_is_refused_where_it_would_be_ignored(server, path, condition):
    make(server, "c", ["id"])
    answer = server.ask("POST", path, [{"id": "a"}], {**JSON, condition: "*"})
    assert (answer.status, answer.code) == (400, "InvalidData") and condition in answer.json()["detail"]
    assert json.loads(server.sql("SELECT count(*) FROM c").body)["rows"] == [[0]]
