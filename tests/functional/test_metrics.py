"""Measurements: performance_metrics of every answer, Server-Timing, /metrics as Prometheus reads it, /health."""

import json
import re

import pytest
from readers import FORMATS
from serving import FLIGHTS, wait_for

NUMBERS = ("duration_ms", "queue_ms", "engine_ms", "encode_ms", "throughput_rps", "rows", "bytes", "memory_usage_mb",
           "worker")  # fmt: skip
SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\]|\\.)*",?)*)\})? (-?[0-9.e+]+|\+Inf|NaN)$')


@pytest.fixture(scope="module")
def server(serve_module):
    return serve_module(f"flights={FLIGHTS}", "nosuch=/nosuch/x.parquet")


def check(metrics, rows, method):
    assert set(metrics) == {*NUMBERS, "method"}
    assert all(isinstance(metrics[name], (int, float)) and metrics[name] >= 0 for name in NUMBERS), metrics
    assert metrics["rows"] == rows and metrics["method"] in method
    assert 0 < metrics["duration_ms"] < 60_000 and metrics["worker"] >= 1
    parts = metrics["queue_ms"] + metrics["engine_ms"]
    assert parts <= metrics["duration_ms"] * 1.05 + 1, metrics
    assert 10 < metrics["memory_usage_mb"] < 4000
    rate = rows / metrics["duration_ms"] * 1000
    assert metrics["throughput_rps"] == pytest.approx(rate, rel=0.05, abs=0.1)


def timing(text):
    parts = dict(part.split(";dur=") for part in text.split(", "))
    assert set(parts) == {"queue", "engine", "encode", "total"}
    return {name: float(value) for name, value in parts.items()}


@pytest.mark.parametrize(("path", "rows", "method"), [
    ("rows?limit=100", 100, ("decoded_rows", "cached_block")), ("rows?limit=100&sort=delay", 100, ("duckdb",)),
    ("export?limit=50000", 50_000, ("plain_scan",)), ("rows?limit=5&filter={\"delay\":5}", 5, ("duckdb",)),
])  # fmt: skip
def test_documents(server, path, rows, method):
    answer = server.get(f"/api/v1/datasets/flights/{path}".replace('"', "%22"))
    metrics = answer.json()["performance_metrics"]
    check(metrics, rows, method)
    if "server-timing" in answer.headers:
        total = timing(answer.headers["server-timing"])["total"]
        assert total >= metrics["duration_ms"]
        header = json.loads(answer.headers["x-performance-metrics"])
        assert header["rows"] == rows and header["bytes"] == len(answer.body)


def test_a_page_is_decoded_once(server):
    def method():
        return server.page("flights", offset=1_000_000, limit=10)["performance_metrics"]["method"]

    assert method() == "decoded_rows"
    wait_for(lambda: method() == "cached_block", seconds=5)
    assert [method() for _ in range(20)] == ["cached_block"] * 20


@pytest.mark.parametrize("format_", FORMATS)
def test_headers_of_small_answers(server, format_):
    answer = server.sql("SELECT 1 AS a", format=format_)
    metrics = json.loads(answer.headers["x-performance-metrics"])
    check(metrics, 1, ("duckdb",))
    assert metrics["bytes"] == len(answer.body)
    assert timing(answer.headers["server-timing"])["total"] == pytest.approx(metrics["duration_ms"])


def test_catalog_answers_are_measured(server):
    for path in ("/api/v1/datasets", "/api/v1/datasets/flights"):
        metrics = server.get(path).json()["performance_metrics"]
        assert metrics["method"] == "catalog" and 0 <= metrics["duration_ms"] < 1000


def samples(server):
    """{(name, labels): value} of /metrics, which must be well-formed and typed."""
    answer = server.get("/metrics")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    text = answer.body.decode()
    assert text.endswith("\n")
    types, found = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types and kind in ("counter", "gauge", "histogram")
            types[name] = kind
        elif not line.startswith("#"):
            match = SAMPLE.match(line)
            assert match, line
            key = (match.group(1), match.group(2) or "")
            assert key not in found, f"twice: {line}"
            found[key] = float(match.group(3))
            base = re.sub(r"_(bucket|sum|count)$", "", match.group(1))
            assert match.group(1) in types or types.get(base) == "histogram", line
    return found


def value(found, name, **labels):
    text = ",".join(f'{key}="{label}"' for key, label in labels.items())
    return found.get((name, text), 0)


def test_prometheus(server):
    before = samples(server)
    for _ in range(3):
        server.rows("flights", limit=1)
    server.rows("flights", limit="x")
    server.get("/nosuch/%22quoted%22%0A")
    server.sql("SELECT 1")
    after = samples(server)
    route = "/api/v1/datasets/{name}/rows"
    counted = value(after, "canvasback_requests_total", route=route, status=200)
    assert counted - value(before, "canvasback_requests_total", route=route, status=200) == 3
    assert value(after, "canvasback_requests_total", route=route, status=400) >= 1
    assert value(after, "canvasback_requests_total", route="(none)", status=404) >= 1
    assert value(after, "canvasback_requests_active") == 1, "this very request"
    assert value(after, "canvasback_tasks_started_total") >= value(before, "canvasback_tasks_started_total") + 4
    assert value(after, "canvasback_tasks_running") == 0 == value(after, "canvasback_tasks_waiting")
    buckets = [v for (name, labels), v in after.items() if name == "canvasback_request_seconds_bucket"
               and f'route="{route}"' in labels]  # fmt: skip
    assert buckets == sorted(buckets) and buckets[-1] == value(after, "canvasback_request_seconds_count", route=route)
    assert value(after, "canvasback_response_bytes_total", route=route) > 0
    resident = [v for (name, _), v in after.items() if name == "canvasback_worker_resident_bytes"]
    assert len(resident) == len(server.workers()) and all(v > 10_000_000 for v in resident)
    assert all(v >= before.get(key, 0) for key, v in after.items() if key[0].endswith(("_total", "_count", "_bucket")))


def test_health(server):
    document = server.get("/health").json()
    assert document["status"] == "ok" and document["uptime_s"] > 0
    assert re.fullmatch(r"\d+\.\d+\.\d+", document["version"])
    assert document["datasets"] == {"readable": 1, "broken": 1}
    assert document["tasks"] == {"running": 0, "waiting": 0}
    assert len(document["workers"]) >= 2 and len({worker["pid"] for worker in document["workers"]}) >= 2


def test_the_front_page_is_the_app(server):
    answer = server.get("/")
    assert answer.headers["content-type"].startswith("text/html") and b'id="root"' in answer.body
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    scripts = re.findall(rb'src="(/assets/[^"]+[.]js)"', answer.body)
    assert scripts
    for script in scripts:
        loaded = server.get(script.decode())
        assert loaded.status == 200 and loaded.headers["content-type"].startswith("text/javascript")
