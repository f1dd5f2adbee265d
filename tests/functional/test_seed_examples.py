"""The examples of the two guides that this interface grew from (docs/from-the-seeds.md), as they are printed there:
the same command lines, statements and programs, on the ports they name. What they leave open is filled in: `[...]` by
records, the schemas they speak of, the page that is fetched.
"""

import json
import os
import subprocess
import sys
import textwrap

import duckdb
import pytest
from serving import ROOT

HIGH_PERFORMANCE_CURL = [
    r"""curl -X POST "http://localhost:8080/api/v1/high-performance/ultra-fast-bulk/my_schema" \
  -H "Content-Type: application/json" \
  -d '[
    {"field1": "value1", "field2": 123},
    {"field1": "value2", "field2": 456}
  ]'""",
    r"""curl "http://localhost:8080/api/v1/high-performance/query-optimized/my_schema"""
    r"""?filters={\"field1\":\"value1\"}&analysis=summary" """,
    "curl http://localhost:8080/docs",
    """curl -X POST "http://localhost:8080/api/v1/high-performance/benchmark/your_schema" """,
]
RECORD_STORE_CURL = r"""curl -X POST http://localhost:8000/ingest \
  -H "Content-Type: application/json" \
  -d '{"records": [...]}'"""
STATEMENTS = [
    """
    SELECT country, COUNT(*) as count
    FROM all_records
    GROUP BY country
    ORDER BY count DESC
""",
    """-- Daily aggregates
SELECT
    DATE_TRUNC('day', ingested_at) as day,
    COUNT(*) as records,
    AVG(value) as avg_value
FROM all_records
GROUP BY day
ORDER BY day DESC;
""",
    """-- Top users
SELECT
    user_id,
    SUM(amount) as total,
    COUNT(*) as transactions
FROM all_records
WHERE amount IS NOT NULL
GROUP BY user_id
ORDER BY total DESC
LIMIT 10;
""",
    """-- Percentile analysis
SELECT
    percentile_cont(0.25) WITHIN GROUP (ORDER BY value) as p25,
    percentile_cont(0.50) WITHIN GROUP (ORDER BY value) as median,
    percentile_cont(0.75) WITHIN GROUP (ORDER BY value) as p75
FROM all_records;
""",
    """-- Window functions
SELECT
    user_id,
    timestamp,
    value,
    AVG(value) OVER (
        PARTITION BY user_id
        ORDER BY timestamp
        ROWS BETWEEN 10 PRECEDING AND CURRENT ROW
    ) as moving_avg
FROM all_records;
""",
    "SELECT * FROM all_records",
]
COPY = """
    COPY (SELECT * FROM all_records)
    TO 'export.csv' (HEADER, DELIMITER ',')
"""
CONTINUOUS = """
import requests
import time

def stream_from_api():
    while True:
        response = requests.get("https://api.example.com/data")
        data = response.json()

        result = ingestion_engine.append_to_parquet(data)
        print(f"✅ Ingested {result['records_processed']} records")

        time.sleep(60)  # Every minute

stream_from_api()
"""
SCHEDULED = """
import schedule

def ingest_job():
    # Your ingestion logic
    pass

schedule.every().hour.do(ingest_job)

while True:
    schedule.run_pending()
    time.sleep(60)
"""
ENGINES = """
records = [{"id": "123", "name": "John", "value": 42}]
result = ingestion_engine.append_to_parquet(records)
result = ingestion_engine.batch_ingest(Path("data.json"))
result = query_engine.query_by_id("user_123")
result = query_engine.query_by_date_range(
    "2025-10-01", "2025-10-28", limit=100
)
result = query_engine.search("john", limit=100)
stats = query_engine.get_statistics()
files = ingestion_engine.get_file_stats()
result = query_engine.execute_sql("SELECT * FROM all_records")
import json
with open('export.json', 'w') as f:
    json.dump(result['data'], f)
"""
RECORDS = [{"id": f"user_{number}", "user_id": number % 7, "name": "John" if number % 10 == 3 else "Ann",
            "country": ["MT", "PT", "FI"][number % 3], "value": number / 4,
            "timestamp": f"2025-10-{number % 28 + 1:02}",
            "amount": None if number % 5 == 0 else number * 1.5} for number in range(200)]  # fmt: skip


@pytest.fixture(scope="module")
def server(serve_module):
    return serve_module()


def run(server, folder, command):
    """A command line as it is printed; what stands at its port is the server, wherever that listens."""
    lines = [f'connect-to = "localhost:{port}:127.0.0.1:{server.port}"' for port in (8080, 8000)]
    (folder / ".curlrc").write_text("\n".join([*lines, "silent", "fail-with-body"]) + "\n")
    environment = {**os.environ, "HOME": str(folder), "CURL_HOME": str(folder)}
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True,
                          timeout=60)  # fmt: skip
    assert done.returncode == 0, (done.stdout[:800], done.stderr)
    return done.stdout


def test_every_command_line_of_the_high_performance_guide(server, tmp_path):
    fields = [{"name": "field1", "type": "string"}, {"name": "field2", "type": "integer"}]
    for name in ("my_schema", "your_schema"):
        answer = server.ask("POST", "/api/v1/schemas", {"name": name, "fields": fields})
        assert answer.status == 201, answer.body
    bulk, query, docs, benchmark = (run(server, tmp_path, command) for command in HIGH_PERFORMANCE_CURL)
    assert json.loads(bulk)["records_processed"] == 2
    metrics = {"duration_ms", "throughput_rps", "method", "memory_usage_mb"}
    for answer in (bulk, query, benchmark):
        assert metrics <= set(json.loads(answer)["performance_metrics"]), answer
    found = json.loads(query)
    assert [row["field2"] for row in found["data"]] == [123]
    assert found["analysis"]["rows"] == 1 and found["analysis"]["type"] == "summary"
    assert "<html" in docs
    measured = json.loads(benchmark)
    for side in ("row_by_row", "bulk"):
        assert measured[side]["throughput_rps"] == pytest.approx(
            measured[side]["records"] / measured[side]["duration_ms"] * 1000)  # fmt: skip
    assert measured["speedup"] > 1 and measured["durability"] == "commit"
    # A benchmark leaves nothing behind.
    assert server.get("/statistics", collection="your_schema").json()["total_records"] == 0
    assert not [path for path in (server.folder / "data").iterdir() if path.name.startswith("benchmark")]


def test_the_other_routes_of_the_high_performance_guide(server):
    import pyarrow.ipc
    import pyarrow.parquet

    base = "/api/v1/high-performance/"
    server.ask("POST", "/api/v1/schemas", {"name": "numbers", "fields": [{"name": "n", "type": "integer"}]})
    records = [{"id": f"k{number:05}", "n": number} for number in range(2500)]
    assert server.ask("POST", base + "ultra-fast-bulk/numbers", json.dumps(records).encode()).status == 200
    for strategy in ("offset", "keyset"):
        answer = server.get(base + "stream-arrow-batches/numbers", strategy=strategy, batch_size="1000")
        batches = list(pyarrow.ipc.open_stream(answer.body))
        assert [batch.num_rows for batch in batches] == [1000, 1000, 500]
        assert pyarrow.Table.from_batches(batches)["n"].to_pylist() == list(range(2500))
    # Read on from what was read last.
    answer = server.get(base + "stream-arrow-batches/numbers", strategy="keyset", after_key="k02497", limit="2")
    assert pyarrow.ipc.open_stream(answer.body).read_all()["n"].to_pylist() == [2498, 2499]
    answer = server.get(base + "stream-arrow-batches/numbers", offset="2490", filters='{"n":{"op":"lt","value":2495}}')
    assert pyarrow.ipc.open_stream(answer.body).read_all()["n"].to_pylist() == [2490, 2491, 2492, 2493, 2494]
    for compression in ("snappy", "zstd", "gzip", "lz4", "none"):
        answer = server.ask("POST", base + "export-parquet/numbers", compression=compression)
        table = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(answer.body))
        assert table.read()["n"].to_pylist() == list(range(2500))
        wanted = {"none": "UNCOMPRESSED"}.get(compression, compression.upper())
        assert table.metadata.row_group(0).column(0).compression == wanted
    for kind in ("summary", "profile", "quality"):
        found = server.get(base + "analyze/numbers", type=kind).json()
        assert (found["type"], found["rows"]) == (kind, 2500) and found["performance_metrics"]["method"]
    for wrong in ({"strategy": "best"}, {"batch_size": "0"}, {"strategy": "offset", "after_key": "k"}, {"filters": "n"},
                  {"filters": "[1]"}, {"filters": '"nobody":1'}):  # fmt: skip
        assert server.get(base + "stream-arrow-batches/numbers", **wrong).code == "InvalidData", wrong
    assert server.get(base + "analyze/numbers", type="all").code == "InvalidData"
    assert server.get(base + "query-optimized/numbers", analysis="all").code == "InvalidData"


@pytest.fixture(scope="module")
def store(server, tmp_path_factory):
    command = RECORD_STORE_CURL.replace("[...]", json.dumps(RECORDS))
    answer = json.loads(run(server, tmp_path_factory.mktemp("curl"), command))
    assert answer["records_processed"] == len(RECORDS)
    return server


@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_statement_of_the_record_store(store, statement):
    answer = store.ask("POST", "/query/sql", {"sql": statement, "limit": 1000})
    assert answer.status == 200, answer.body
    found = answer.json()
    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW all_records AS FROM read_parquet('{store.folder}/data/parquet/*.parquet')")
    result = connection.execute(statement)
    names = [column[0] for column in result.description]
    rows = result.fetchall()
    assert [column["name"] for column in found["columns"]] == names and len(found["data"]) == len(rows)
    for at, name in enumerate(names):
        numbers = sorted(row[at] for row in rows if isinstance(row[at], (int, float)))
        got = sorted(row[name] for row in found["data"] if isinstance(row[name], (int, float)))
        assert got == pytest.approx(numbers), name


def test_copy_is_refused_and_says_what_to_do(store):
    answer = store.ask("POST", "/query/sql", {"sql": COPY})
    assert (answer.status, answer.code) == (403, "QueryForbidden") and "export" in answer.json()["detail"]


# What the programs meet in place of the page they fetch and of the clock.
STAND_INS = """
import sys, time, types
rounds = []
def tick(*_):
    rounds.append(1)
    if len(rounds) == 3:
        sys.exit(0)
time.sleep = tick
class Page:
    def json(self):
        return [{"id": f"page-{len(rounds)}-{i}", "value": i} for i in range(5)]
sys.modules["requests"] = types.SimpleNamespace(get=lambda url: Page())
class Schedule:
    def every(self): return self
    hour = property(lambda self: self)
    def do(self, job): self.job = job
    def run_pending(self): self.job()
sys.modules["schedule"] = Schedule()
"""


@pytest.mark.parametrize(("program", "prefix", "count"), [
    (CONTINUOUS, "page-%", 15),
    (SCHEDULED.replace("    pass", '    ingestion_engine.append_to_parquet({"id": f"job-{len(rounds)}"})'), "job-%", 3),
    (ENGINES, "123", 1),
])  # fmt: skip
def test_the_programs_change_only_their_import(store, tmp_path, program, prefix, count):
    (tmp_path / "data.json").write_text('[{"id": "from-a-file"}]')
    source = "from canvasback import ingestion_engine, query_engine\nfrom pathlib import Path\n" + program
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "clients/python"), "CANVASBACK_URL": store.url,
                   "PYTHONIOENCODING": "utf-8"}  # fmt: skip
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(STAND_INS) + source], cwd=tmp_path, env=environment,
                          capture_output=True, text=True, timeout=120)  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = store.ask("POST", "/query/sql", {"sql": f"SELECT count(*) AS n FROM all_records WHERE id LIKE '{prefix}'"})
    assert answer.json()["data"] == [{"n": count}], done.stdout
    if program is CONTINUOUS:
        assert done.stdout.count("Ingested 5 records") == 3
    if program is ENGINES:
        assert len(json.loads((tmp_path / "export.json").read_text())) == 100
        assert "Only the first 100 rows are returned; pass limit= for more." in done.stderr
    else:
        assert "rows are returned" not in done.stderr
