"""The measuring harness: its short run against the built server, and its judgement on figures that are made up. No time
is asserted."""

import json
import subprocess
import sys

import pytest
from serving import BINARY, ROOT

sys.path.insert(0, str(ROOT / "bench"))
from harness import report, table  # noqa: E402
from harness.micro import with_limits  # noqa: E402

TIMED = ["page_json_first", "page_json_deep", "page_arrow_first", "page_arrow_deep", "stream_arrow", "sql_stream",
         "sql_group_small", "export_csv", "export_parquet", "export_parquet_full", "profile", "profile_cold",
         "page_neighbour", "start_to_first_page"]  # fmt: skip
LOADED = ["pages_16", "sql_16"]


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """The short run: what it printed and its document."""
    out = tmp_path_factory.mktemp("bench")
    done = subprocess.run([sys.executable, ROOT / "bench/run.py", "--short", "--binary", BINARY, "--out", out],
                          capture_output=True, text=True, timeout=300)  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (document,) = (out / "results").glob("*.json")
    return done.stdout, json.loads(document.read_text(encoding="utf-8")), out


def test_every_operation_is_measured_and_in_the_table(short):
    printed, document, _ = short
    figures = {(entry["operation"], entry["server"]): entry for entry in document["records"]}
    for operation in TIMED:
        entry = figures[operation, table.OURS]
        assert entry["seconds"] > 0 and entry["bytes"] > 0, entry
        assert entry["first_byte_s"] <= entry["seconds"] or operation == "start_to_first_page", entry
    for operation in LOADED:
        entry = figures[operation, table.OURS]
        assert entry["errors"] == 0 and entry["requests_per_s"] > 0, entry
        assert 0 < entry["p50_ms"] <= entry["p95_ms"] <= entry["p99_ms"], entry
    assert figures["sql_group_small", "bare_duckdb"]["seconds"] > 0
    for operation in TIMED + LOADED:
        assert any(line.startswith(operation + " ") for line in printed.splitlines()), operation


def test_the_document_tells_machine_versions_and_data(short):
    _, document, _ = short
    assert document["machine"]["cores"] and document["commit"] and document["versions"]["canvasback"]
    assert document["data"]["rows"] == 200_000 and document["data"]["bytes"] > 1_000_000


def test_the_report_is_self_contained_and_has_every_comparison(short):
    _, document, out = short
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "http://" not in page and "https://" not in page and "<script" not in page
    compared = [row for row in document["table"] if row["ratio"] is not None]
    assert compared and all(f"<td>{row['operation']}<" in page for row in compared)


def entry(operation, server, number=1, **figures):
    return {"operation": operation, "server": server, "round": number, **figures}


def rows(*records):
    return {(row.operation, row.figure, row.against): row for row in table.rows_of(list(records))}


def test_a_floor_is_reached_or_not_by_the_median_of_the_rounds():
    records = [entry("page_json_first", table.PEER, number, seconds=0.004) for number in (1, 2, 3)]
    fast = [entry("page_json_first", table.OURS, n, seconds=s) for n, s in ((1, 0.0019), (2, 0.001), (3, 0.009))]
    slow = [entry("page_json_first", table.OURS, n, seconds=s) for n, s in ((1, 0.0021), (2, 0.001), (3, 0.009))]
    row = rows(*records, *fast)["page_json_first", "seconds", "peer"]
    assert row.reached is True and row.low == pytest.approx(0.444, abs=0.001) and row.high == 4
    assert rows(*records, *slow)["page_json_first", "seconds", "peer"].reached is False


def test_more_requests_are_better_and_fewer_milliseconds():
    made = rows(entry("pages_16", table.OURS, requests_per_s=310, p99_ms=4.0),
                entry("pages_16", table.PEER, requests_per_s=100, p99_ms=7.9))  # fmt: skip
    assert made["pages_16", "requests_per_s", "peer"].reached is True
    assert made["pages_16", "p99_ms", "peer"].reached is False


def test_group_by_may_take_three_milliseconds_more_than_the_engine():
    def against(ours):
        return rows(entry("sql_group_small", "beside_bare_duckdb", seconds=ours),
                    entry("sql_group_small", "bare_duckdb", seconds=0.1))["sql_group_small", "seconds", "bare_duckdb"]

    assert against(0.1029).reached is True
    assert against(0.1031).reached is False


MEMORY = [(600, 299, True), (600, 301, False), (400, 399, True), (400, 401, False)]


@pytest.mark.parametrize("peer, ours, reached", MEMORY)
def test_memory_is_half_of_a_large_peer_and_no_more_than_a_small_one(peer, ours, reached):
    made = rows(entry("export_csv", table.OURS, seconds=1, anonymous_mib=ours),
                entry("export_csv", table.PEER, seconds=2, anonymous_mib=peer))  # fmt: skip
    assert made["export_csv", "anonymous_mib", "peer"].reached is reached


def test_without_a_peer_there_is_no_verdict():
    row = rows(entry("page_json_first", table.OURS, seconds=0.001))["page_json_first", "seconds", "peer"]
    assert row.ratio is None and row.reached is None


def test_an_inner_loop_is_put_beside_the_limit_that_it_names():
    made = with_limits("encode", [{"name": "a", "label": "limit=b", "bytes_per_second": 2e9},
                                  {"name": "b", "bytes_per_second": 8e9}])  # fmt: skip
    assert made[0]["limits"] == [{"name": "b", "share": 0.25}] and made[1]["limits"] == []
    with pytest.raises(KeyError):
        with_limits("encode", [{"name": "a", "label": "limit=gone", "bytes_per_second": 2e9}])


def test_the_report_draws_the_history_of_runs():
    documents = []
    for number, ours in enumerate((0.002, 0.001)):
        records = [entry("page_json_first", table.OURS, seconds=ours),
                   entry("page_json_first", table.PEER, seconds=0.004)]  # fmt: skip
        documents.append({
            "date": f"2030-01-0{number + 1}T00:00Z", "commit": f"abc{number}", "versions": {}, "rounds": 1, "micro": [],
            "machine": {"cpu": "x", "cores": 2, "memory_gib": 4, "kernel": "6"}, "data": {"rows": 10},
            "records": records,
            "table": [vars(row) | {"reached": row.reached} for row in table.rows_of(records)],
        })  # fmt: skip
    page = report.page(documents)
    assert "History of 2 runs" in page and "abc0" in page and "abc1" in page and page.count("<polyline") == 1
