"""The names of the earlier record store: `ingestion_engine`, `query_engine`, `TestDataGenerator`.

    from canvasback import ingestion_engine, query_engine

    ingestion_engine.append_to_parquet([{"id": "123", "name": "John", "value": 42}])
    query_engine.execute_sql("SELECT count(*) AS n FROM all_records")["data"]

CANVASBACK_URL says where the server is (http://localhost:8080 where it is not set).
"""

from __future__ import annotations

import gzip
import json
import os
import pathlib
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from .client import Client
from .relation import warn_limited

DOCUMENT = dict[str, Any]


class IngestionEngine:
    """Stores records in one collection (all_records unless another is named)."""

    def __init__(self, client: Client | None = None, collection: str | None = None) -> None:
        self.client = client or Client()
        self.collection = collection

    def append_to_parquet(self, records: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> DOCUMENT:
        """One record, or a list of them: stored when this returns. The answer has records_processed."""
        listed = [records] if isinstance(records, Mapping) else list(records)
        lines = "".join(json.dumps(record) + "\n" for record in listed).encode()
        headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": str(uuid.uuid4())}
        if len(lines) > 1 << 20:
            lines, headers["Content-Encoding"] = gzip.compress(lines, 1), "gzip"
        return self._post("/ingest", lines, headers)

    def batch_ingest(self, path: str | os.PathLike[str]) -> DOCUMENT:
        """A file of JSON, NDJSON, CSV, Parquet or Arrow, by its extension."""
        kinds = {".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson", ".csv": "csv", ".parquet": "parquet",
                 ".arrow": "arrow"}  # fmt: skip
        file = pathlib.Path(path)
        headers = {"Content-Type": "application/octet-stream", "Idempotency-Key": str(uuid.uuid4())}
        return self._post("/ingest/file", file.read_bytes(), headers, format=kinds[file.suffix])

    def get_file_stats(self) -> list[DOCUMENT]:
        document = self.client.transport.document("GET", "/files", collection=self.collection)
        files: list[DOCUMENT] = document["files"]
        return files

    def _post(self, path: str, body: bytes, headers: dict[str, str], **parameters: Any) -> DOCUMENT:
        found: DOCUMENT = self.client.transport.document("POST", path, body, headers, retry=True,
                                                         collection=self.collection, **parameters)  # fmt: skip
        return found


class QueryEngine:
    """Reads one collection (all_records unless another is named)."""

    def __init__(self, client: Client | None = None, collection: str | None = None) -> None:
        self.client = client or Client()
        self.collection = collection

    def execute_sql(self, sql: str, limit: int | None = None) -> DOCUMENT:
        """The answer's document: `data` has the rows as dicts, by default 100 (the server's setting `default_limit`).

        A warning says so if there are more; with `limit` they were asked for, and `total_exact` is false.
        """
        body = {"sql": sql} if limit is None else {"sql": sql, "limit": limit}
        answer: DOCUMENT = self.client.transport.document("POST", "/query/sql", body, retry=True)
        if limit is None and answer.get("total_exact") is False:
            warn_limited(f"Only the first {len(answer['data'])} rows are returned; pass limit= for more.")
        return answer

    def query_by_id(self, record_id: Any) -> DOCUMENT:
        return self._document("GET", "/query/id/" + _path_part(record_id))

    def query_by_date_range(self, start: str, end: str, limit: int = 100) -> DOCUMENT:
        return self._document("POST", "/query/date-range", {"start": start, "end": end, "limit": limit})

    def search(self, query: str, limit: int = 100) -> DOCUMENT:
        return self._document("POST", "/query/search", {"query": query, "limit": limit})

    def get_recent(self, limit: int = 100) -> DOCUMENT:
        return self._document("GET", "/query/recent", limit=limit)

    def get_statistics(self) -> DOCUMENT:
        return self._document("GET", "/statistics")

    def _document(self, method: str, path: str, body: Any = None, **parameters: Any) -> DOCUMENT:
        found: DOCUMENT = self.client.transport.document(method, path, body, retry=True, collection=self.collection,
                                                         **parameters)  # fmt: skip
        return found


def _path_part(value: Any) -> str:
    from .transport import quoted

    return quoted(str(value))
