"""/openapi.json: what it says of itself, its examples as requests, its statuses, and the pages at /docs.

That it lists the routes and parameters that there are, and no others, is tested beside the router (openapi_test.cpp).
"""

import itertools
import json
import re

import jsonschema_rs
import pytest
from serving import FLIGHTS, ROOT, parse_answers, target_of, wait_for

SOURCE = ROOT / "protocol/openapi.json"
DOCUMENT = json.loads(SOURCE.read_text())
OPERATIONS = {operation["operationId"]: (method, path, operation) for path, item in DOCUMENT["paths"].items()
              for method, operation in item.items()}  # fmt: skip


@pytest.fixture(scope="module")
def text_server(serve_module, tmp_path_factory):
    """For the routes of text alone: those of earlier stacks take no name where one dataset is served."""
    table = tmp_path_factory.mktemp("text") / "table.csv"
    table.write_text("code;price\n7;1,5\n8;2,5\n")
    return serve_module(f"flights={FLIGHTS}", f"example_text={table}")


@pytest.fixture(scope="module")
def server(serve_module):
    started = serve_module(f"flights={FLIGHTS}")
    # What the examples of the collections' routes ask for.
    record = {"id": "example", "name": "John", "value": 1.5, "date": "2025-10-20"}
    assert started.ask("POST", "/ingest", {"records": [record]}).status == 200
    have_example_schema(started, "", {}, None)
    return started


def resolve(value):
    while isinstance(value, dict) and "$ref" in value:
        found = DOCUMENT
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


def nodes(value, path=()):
    """Every (path, object) of the document."""
    if isinstance(value, dict):
        yield path, value
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from nodes(member, (*path, str(key)))


def problems_of(schema, value):
    """What a JSON Schema validator has against a value."""
    validator = jsonschema_rs.Draft202012Validator({"components": DOCUMENT["components"], **schema})
    return [f"{list(error.instance_path)}: {error.message}" for error in validator.iter_errors(value)]


def parameters_of(operation):
    return [resolve(parameter) for parameter in operation.get("parameters", ())]


def schema_of(parameter):
    return parameter.get("schema") or parameter["content"]["application/json"]["schema"]


def examples_of(holder):
    return [example["value"] for example in holder.get("examples", {}).values()]


def parameter_examples(parameter):
    holder = parameter.get("content", {}).get("application/json", parameter)
    return examples_of(holder) or resolve(schema_of(parameter)).get("enum", [])


def requests_of(operation):
    """(path parameters, query, body) for every example of every parameter and body of an operation."""
    parameters = parameters_of(operation)
    bodies = [None]
    if "requestBody" in operation:
        bodies = examples_of(operation["requestBody"]["content"]["application/json"])
    base = {p["name"]: (p, parameter_examples(p)[0]) for p in parameters if p.get("required")}
    for body in bodies:
        yield base, body
    for parameter in parameters:
        for value in parameter_examples(parameter):
            yield {**base, parameter["name"]: (parameter, value)}, bodies[0]


REQUESTS = itertools.count()


def ask(server, method, path, chosen, body=None, headers=None, **extra):
    query = {}
    for parameter, value in chosen.values():
        if parameter["name"] == "Idempotency-Key":  # of one request each: with other content it is refused
            value = f"{value}-{next(REQUESTS)}"
        if parameter["in"] == "header":
            headers = {**(headers or {}), parameter["name"]: value}
        elif parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", str(value))
        else:
            query[parameter["name"]] = value
    # Examples without a limit are whole files: asked for by their first rows where the route can.
    headers = {**(headers or {}), **({"Content-Type": "application/json"} if body is not None else {})}
    return server.ask(method.upper(), path, body, headers, **query, **extra)


def check(operation, answer):
    """An answer against what the document says of it."""
    assert str(answer.status) in operation["responses"], (answer.status, answer.body[:500])
    response = resolve(operation["responses"][str(answer.status)])
    kind = answer.headers.get("content-type", "").split(";")[0]
    content = response.get("content", {})
    assert (kind in content) if content else (answer.body == b""), (kind, list(content))
    for name, header in response.get("headers", {}).items():
        assert not header.get("required") or name.lower() in answer.headers, name
    if kind in ("application/json", "application/problem+json"):
        assert problems_of(content[kind]["schema"], answer.json()) == []
    if answer.status >= 400 and not operation["operationId"] == "health":
        assert answer.code in DOCUMENT["components"]["schemas"]["ErrorCode"]["enum"]


def test_served_as_written(server):
    answer = server.get("/openapi.json")
    assert answer.status == 200 and answer.headers["content-type"] == "application/json"
    version = server.get("/health").json()["version"]
    assert answer.json()["info"]["version"] == version
    assert answer.body.decode() == SOURCE.read_text().replace("@VERSION@", version)


def test_every_reference_leads_somewhere():
    count = 0
    used = set()
    for path, node in nodes(DOCUMENT):
        if "$ref" in node:
            assert resolve(node), path
            used.add(node["$ref"])
            count += 1
    assert count > 100
    for kind, entries in DOCUMENT["components"].items():
        for name in entries:
            assert f"#/components/{kind}/{name}" in used, f"{kind}/{name} is not used"


def test_nothing_is_left_open():
    closed = 0
    for path, node in nodes(DOCUMENT):
        if path[-1:] == ("responses",) and "example" not in path and path[0] == "paths":
            assert "default" not in node, path
            assert any(status.startswith("2") or status == "101" for status in node), path
        is_schema = node.get("type") == "object" or (isinstance(node.get("type"), list) and "object" in node["type"])
        if is_schema and "example" not in path:
            assert node.get("additionalProperties", True) is not True, path
            closed += 1
        if "schema" in node and isinstance(node["schema"], dict):
            assert node["schema"] and node["schema"] != {}, path
    assert closed > 20


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_described(name):
    method, path, operation = OPERATIONS[name]
    assert operation["summary"] and operation["tags"][0] in {tag["name"] for tag in DOCUMENT["tags"]}
    assert {"400", "403", "408", "413", "414", "431"} <= set(operation["responses"])
    for parameter in parameters_of(operation):
        assert parameter["description"] and parameter_examples(parameter), parameter["name"]
        for example in parameter_examples(parameter):
            assert problems_of(schema_of(parameter), example) == []
    for example in examples_of(operation.get("requestBody", {}).get("content", {}).get("application/json", {})):
        assert problems_of(operation["requestBody"]["content"]["application/json"]["schema"], example) == []
    for status, response in operation["responses"].items():
        content = resolve(response).get("content", {})
        if status >= "400" and name != "health":
            assert list(content) == ["application/problem+json"], status
        for kind, body in content.items():
            if "example" in body:
                assert problems_of(body["schema"], body["example"]) == [], (status, kind)
            if "example" in body and kind == "application/problem+json":
                assert str(body["example"]["status"]) == status


def have_example_schema(server, name, chosen, body):
    """The schemas and the record that the examples name, and of what they make nothing yet."""
    schema = {"fields": [{"name": "field1", "type": "string"}, {"name": "field2", "type": "integer"}]}
    for known in ("my_schema", "old_schema"):
        made = server.ask("POST", "/api/v1/schemas", {"name": known, **schema})
        assert made.status in (201, 409), made.body
    if name == "createSchema":
        server.ask("DELETE", "/api/v1/schemas/" + body["name"])
    if "Record" in name or "records" in str(chosen):
        kept = server.ask("POST", "/api/v1/records", {"id": "r1", "field1": "a"}, schema="my_schema",
                          on_conflict="update")  # fmt: skip
        assert kept.status == 201, kept.body
    if name in ("createRecord", "createRecords") and "schema" in chosen:
        return body["data"]  # without the envelope that says it, too
    return body


def have_example_job(server):
    """The job that the examples name, done and with a file."""
    if server.get("/api/v1/jobs/example-export").status == 404:
        started = server.ask("POST", "/api/v1/datasets/flights/export", None, {"Prefer": "respond-async"},
                             job="example-export", limit="100", format="csv")  # fmt: skip
        assert started.status == 202, started.body
    wait_for(lambda: server.get("/api/v1/jobs/example-export").json()["state"] == "done")


def have_example_dashboards(server):
    """The dashboards that the examples name."""
    measured = "metrics: {source: flights, measures: [{name: n, agg: count}]}"
    yaml = f"title: x\n{measured}\ntiles: [{{type: card, measure: n}}]\n"
    for name in ("origins", "old_origins"):
        saved = server.ask("PUT", "/api/v1/dashboards/" + name, {"yaml": yaml})
        assert saved.status in (200, 201), saved.body


def have_example_source(server):
    """The source that the examples name: of a database that is not there, and not being pulled."""
    folder = server.folder / "data/sources"
    folder.mkdir(exist_ok=True)
    (folder / "example_source.toml").write_text('url = "mysql://reader@127.0.0.1:1/shop"\ntable = "orders"\n')

    def is_idle():
        answer = server.get("/api/v1/sources/example_source")
        return answer.status == 200 and answer.json()["state"] != "running"

    wait_for(is_idle, 30)


def have_example_trash(server, name):
    """The collection that the examples delete or rename, and the entry of the trash that they name."""
    record = {"Content-Type": "application/json"}
    if name in ("deleteCollection", "renameCollection"):
        server.ask("DELETE", "/api/v1/collections/clicks_of_2025")
        assert server.ask("POST", "/ingest", {"a": 1}, record, collection="old_clicks").status == 200
    if name in ("purgeTrashEntry", "restoreTrashEntry"):
        trash = server.folder / "data/trash"
        server.ask("DELETE", "/api/v1/collections/old_clicks")
        assert server.ask("POST", "/ingest", {"a": 1}, record, collection="old_clicks").status == 200
        entry = server.ask("DELETE", "/api/v1/collections/old_clicks").json()["id"]
        (trash / entry).rename(trash / "20261201T021503Z-9f3c7a10")


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_example_is_answered(server, text_server, name):
    method, path, operation = OPERATIONS[name]
    if path.endswith("/reading"):
        server = text_server
    count = 0
    for chosen, body in requests_of(operation):
        have_example_job(server)
        have_example_dashboards(server)
        if "/sources/" in path:
            have_example_source(server)
        have_example_trash(server, name)
        body = have_example_schema(server, name, chosen, body)
        limited = "limit" in {p["name"] for p in parameters_of(operation)} and "limit" not in chosen
        whole_format = chosen.get("compression") is not None
        extra = {"limit": "3"} if limited else {}
        if whole_format and "format" in {p["name"] for p in parameters_of(operation)}:
            # compression is of formats that have one
            wanted = chosen["compression"][1]
            formats = {"fast": "xlsx", "best": "xlsx", "snappy": "parquet", "gzip": "parquet"}
            extra["format"] = formats.get(wanted, "arrow")
        answer = ask(server, method, path, chosen, body, **extra)
        check(operation, answer)
        if "job" in chosen:  # a token is taken as long as its job is known
            server.ask("DELETE", "/api/v1/jobs/" + chosen["job"][1])
        # Nothing has that number or name; a WebSocket takes more than a GET.
        expected = {"cancelQuery": (404,), "asset": (404,), "stream": (400,)}.get(name, range(200, 300))
        assert answer.status in expected, (chosen, body, answer.body[:500])
        count += 1
    assert count >= 1


def formats_of(operation):
    return resolve(operation["responses"].get("200", {})).get("content", {})


@pytest.mark.parametrize("name", [name for name, (_, _, operation) in OPERATIONS.items()
                                  if "application/x-ndjson" in formats_of(operation)
                                  and name != "getJobFile"])  # fmt: skip  (its format is its job's)
def test_every_format_is_described(server, name):
    """Each media type of a 200 can be had, and is what it says."""
    method, path, operation = OPERATIONS[name]
    content = formats_of(operation)
    chosen, body = next(requests_of(operation))
    body = {key: value for key, value in body.items() if key != "format"} if body else None
    for kind in content:
        extra = {"limit": "3"} if "limit" in {p["name"] for p in parameters_of(operation)} else {}
        answer = ask(server, method, path, chosen, body, {"Accept": kind}, **extra)
        assert (answer.status, answer.headers["content-type"].split(";")[0]) == (200, kind)
        check(operation, answer)


@pytest.mark.parametrize("name", OPERATIONS)
def test_refusals_are_described(server, name):
    """What the router itself refuses is a problem document that the operation lists."""
    method, path, operation = OPERATIONS[name]
    chosen, body = next(requests_of(operation))
    # The script of a page reads the parameters.
    is_page = path == "/" or operation["tags"] == ["Web app"] and "text/html" in formats_of(operation)
    seen = set()
    for extra, headers, status in [
        ({"nosuch": "1"}, {}, 200 if is_page else 400), ({}, {"Host": "evil.example"}, 403),
        ({}, {"Origin": "http://evil.example"}, 403),
        ({"nosuch": "x" * 9000}, {}, 414), ({}, {"X-Long": "x" * 20_000}, 431),
    ]:  # fmt: skip
        target = path
        for parameter, value in chosen.values():
            target = target.replace("{" + parameter["name"] + "}", str(value))
        data = json.dumps(body).encode() if body else b""
        lines = {"Host": "localhost", "Connection": "close", "Content-Length": str(len(data)), **headers}
        head = f"{method.upper()} {target_of(target, extra)} HTTP/1.1\r\n"
        head += "".join(f"{key}: {value}\r\n" for key, value in lines.items())
        answer = parse_answers(server.raw(head.encode() + b"\r\n" + data))[0]
        assert answer.status == status, answer.body
        check(operation, answer)
        seen.add(answer.status)
    assert seen == {200 if is_page else 400, 403, 414, 431}


QUERY = "POST /api/v1/query HTTP/1.1"


@pytest.mark.parametrize(("line", "headers", "body", "status"), [
    ("GET /nosuch HTTP/1.1", {}, b"", 404), ("GET /%00 HTTP/1.1", {}, b"", 404),
    ("GET /a%0d%0aX:1 HTTP/1.1", {}, b"", 404),
    ("GET /api/v1/datasets/%ff%fe/rows HTTP/1.1", {}, b"", 404), ("GET /%zz HTTP/1.1", {}, b"", 400),
    ("GET /api/v1/datasets/flights/rows?format=%ff HTTP/1.1", {}, b"", 400), ("GET / HTTP/3.7", {}, b"", 400),
    ("OPTIONS * HTTP/1.1", {}, b"", 400), ("CONNECT a:1 HTTP/1.1", {}, b"", 400), ("PRI * HTTP/2.0", {}, b"", 400),
    ("GET http://localhost/health HTTP/1.1", {}, b"", 400), ("\x16\x03\x01", {}, b"", 400),
    ("PROPFIND /health HTTP/1.1", {}, b"", 405), ("OPTIONS /health HTTP/1.1", {}, b"", 405),
    ("GET /api/v1/datasets/flights/rows HTTP/1.1", {"Accept": "image/png"}, b"", 406),
    (QUERY, {}, b"", 400), (QUERY, {}, b"\xff\xfe{", 400), (QUERY, {}, b"[" * 500, 400),
    (QUERY, {"Content-Type": "text/csv"}, b"{}", 415), (QUERY, {"Content-Encoding": "gzip"}, b"\x1f\x8b", 415),
    (QUERY, {"Content-Length": "99999999"}, b"", 413), (QUERY, {"Content-Length": "x"}, b"", 400),
])  # fmt: skip
def test_whatever_is_wrong_is_a_problem_document(server, line, headers, body, status):
    lines = {"Host": "localhost", "Connection": "close", "Content-Length": str(len(body)), **headers}
    head = [line, *(f"{name}: {value}" for name, value in lines.items()), "", ""]
    data = "\r\n".join(head).encode("latin-1") + body
    answer = parse_answers(server.raw(data))[0]
    assert answer.status == status
    assert answer.code and problems_of({"$ref": "#/components/schemas/Problem"}, answer.json()) == []


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_other_methods_are_405(server, path):
    # Methods of a path with a name in it are those of any name, bulk, too.
    like = [path, re.sub(r"/bulk$", "/{schema}", path), re.sub(r"/(check|query|schema)$", "/{name}", path)]
    there = {method.upper() for each in like for method in DOCUMENT["paths"].get(each, {})}
    target = re.sub(r"\{\w+\}", "1", path)
    for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY", "PURGE"} - there:
        answer = server.ask(method, target)
        assert (answer.status, answer.code) == (405, "MethodNotAllowed"), method
        allowed = {name.strip() for name in answer.headers["allow"].split(",")}
        own = {method.upper() for method in DOCUMENT["paths"][path]}
        assert allowed == own | ({"HEAD"} if "GET" in own else set())


def test_errors_of_the_document_are_those_of_the_docs():
    listed = {(error["code"], error["status"]) for error in
              DOCUMENT["components"]["schemas"]["ErrorCode"]["x-errors"]}  # fmt: skip
    written = set()
    for line in (ROOT / "docs/errors.md").read_text().splitlines():
        if found := re.match(r"\| ([A-Z]\w+(?:, \w+)*) \| (\d+(?:, \d+)*) \|", line):
            codes, statuses = found.group(1).split(", "), found.group(2).split(", ")
            written |= {(code, int(statuses[min(i, len(statuses) - 1)])) for i, code in enumerate(codes)}
    later = {error["code"] for error in DOCUMENT["components"]["schemas"]["ErrorCode"]["x-errors"]
             if "No route gives it yet" in error["when"]}  # fmt: skip
    assert {entry for entry in listed if entry[0] not in later} <= written <= listed


def test_the_reference_needs_nothing_from_elsewhere(server):
    pages = {path: server.get(path) for path in ("/docs", "/docs/errors", "/docs/reference.css", "/docs/reference.js")}
    for path, answer in pages.items():
        policy = answer.headers["content-security-policy"]
        assert answer.status == 200 and "default-src 'none'" in policy and "unsafe" not in policy, path
        text = answer.body.decode()
        assert not re.search(r"https?://|//cdn|@import|url\(", text), path
    page = pages["/docs"].body.decode()
    assert pages["/docs/errors"].body == pages["/docs"].body
    # The policy forbids inline code and style, so none may be relied on.
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)
    for asset in re.findall(r'(?:src|href)="(/docs/[^"]+)"', page):
        assert server.get(asset).status == 200
    assert (server.get("/docs/nosuch").status, server.get("/docs/nosuch").code) == (404, "NotFound")


def test_a_problem_says_where_it_is_explained(server):
    problem = server.get("/api/v1/datasets/nosuch").json()
    page, _, code = problem["type"].partition("#")
    assert server.get(page).status == 200 and code == problem["code"]
