"""A client of Canvasback that needs nothing but Python, with the names of the earlier record store.

    from canvasback import ingestion_engine, query_engine

    ingestion_engine.append_to_parquet([{"id": "123", "name": "John", "value": 42}])
    query_engine.execute_sql("SELECT count(*) AS n FROM all_records")["data"]

`CANVASBACK_URL` says where the server is (http://localhost:8080 where it is not set), `Client(url, collection)` the
same for one client. A refused request raises CanvasbackError, which has the problem document. Records are kept when a
call returns; a call whose answer was lost is sent again under its Idempotency-Key, so that nothing is kept twice.
"""

import gzip
import json
import os
import pathlib
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
import warnings

__all__ = ["CanvasbackError", "Client", "IngestionEngine", "QueryEngine", "ingestion_engine", "query_engine"]

RETRIES = 5
TIMEOUT_S = 300
# Overload and a server that starts or stops; everything else would be refused again.
TRY_AGAIN = (429, 503)


class CanvasbackError(Exception):
    """What the server says is wrong: `code`, `status`, and the whole `problem` with its `errors`."""

    def __init__(self, status, problem):
        super().__init__(f"{problem.get('code', status)}: {problem.get('detail', '')}")
        self.status = status
        self.code = problem.get("code")
        self.problem = problem


class Client:
    """One server and one collection. Thread-safe: each request has a connection of its own."""

    def __init__(self, url=None, collection=None):
        self.url = (url or os.environ.get("CANVASBACK_URL", "http://localhost:8080")).rstrip("/")
        self.collection = collection

    def request(self, method, path, body=None, headers=None, **parameters):
        """The answer's document. `body` is sent as JSON unless it is bytes."""
        if self.collection is not None:
            parameters.setdefault("collection", self.collection)
        query = urllib.parse.urlencode({name: value for name, value in parameters.items() if value is not None})
        headers = {"Content-Type": "application/json", **(headers or {})}
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        wanted = urllib.request.Request(f"{self.url}{path}{'?' + query if query else ''}", data, headers, method=method)
        for attempt in range(RETRIES):
            last = attempt + 1 == RETRIES
            try:
                with urllib.request.urlopen(wanted, timeout=TIMEOUT_S) as answer:
                    return json.loads(answer.read())
            except urllib.error.HTTPError as error:
                problem = json.loads(error.read() or b"{}")
                in_use = problem.get("code") == "IdempotencyKeyInUse"  # the answer was lost, the work goes on
                if last or (error.code not in TRY_AGAIN and not in_use):
                    raise CanvasbackError(error.code, problem) from None
                time.sleep(float(error.headers.get("Retry-After") or 1))
            except (urllib.error.URLError, ConnectionError):
                if last:
                    raise
                time.sleep(0.2 * 2**attempt)
        raise AssertionError("unreachable")


class IngestionEngine:
    def __init__(self, client=None):
        self.client = client or Client()

    def append_to_parquet(self, records):
        """One record, or a list of them: kept when this returns. The answer has records_processed."""
        records = [records] if isinstance(records, dict) else list(records)
        lines = "".join(json.dumps(record) + "\n" for record in records).encode()
        headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": str(uuid.uuid4())}
        if len(lines) > 1 << 20:
            lines, headers["Content-Encoding"] = gzip.compress(lines, 1), "gzip"
        return self.client.request("POST", "/ingest", lines, headers)

    def batch_ingest(self, path):
        """A file of JSON, NDJSON, CSV, Parquet or Arrow, by its extension."""
        kinds = {".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson", ".csv": "csv", ".parquet": "parquet",
                 ".arrow": "arrow"}  # fmt: skip
        path = pathlib.Path(path)
        headers = {"Content-Type": "application/octet-stream", "Idempotency-Key": str(uuid.uuid4())}
        return self.client.request("POST", "/ingest/file", path.read_bytes(), headers, format=kinds[path.suffix])

    def get_file_stats(self):
        return self.client.request("GET", "/files")["files"]


class QueryEngine:
    def __init__(self, client=None):
        self.client = client or Client()

    def execute_sql(self, sql, limit=None):
        """The answer's document: `data` has the rows as dicts, by default 100 (the server's setting `default_limit`).

        A warning says so if there are more; with `limit` they were asked for, and `total_exact` is false.
        """
        body = {"sql": sql} if limit is None else {"sql": sql, "limit": limit}
        answer = self.client.request("POST", "/query/sql", body, collection=None)
        if limit is None and answer.get("total_exact") is False:
            rows = len(answer["data"])
            warnings.warn(f"Only the first {rows} rows are returned; pass limit= for more.", stacklevel=2)
        return answer

    def query_by_id(self, record_id):
        return self.client.request("GET", "/query/id/" + urllib.parse.quote(str(record_id), safe=""))

    def query_by_date_range(self, start, end, limit=100):
        return self.client.request("POST", "/query/date-range", {"start": start, "end": end, "limit": limit})

    def search(self, query, limit=100):
        return self.client.request("POST", "/query/search", {"query": query, "limit": limit})

    def get_recent(self, limit=100):
        return self.client.request("GET", "/query/recent", limit=limit)

    def get_statistics(self):
        return self.client.request("GET", "/statistics")


ingestion_engine = IngestionEngine()
query_engine = QueryEngine()
