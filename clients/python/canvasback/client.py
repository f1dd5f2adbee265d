"""A server: its datasets, statements, records, jobs. The way in to everything else."""

from __future__ import annotations

import json
import os
import pathlib
import secrets
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from . import frames
from .dataset import Dataset
from .progress import Wanted, Watch, display_of
from .relation import warn_limited
from .statement import Parameters, Statement, checked_parameters
from .transport import Body, Transport, quoted

FILE_FORMATS = {".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson", ".csv": "csv", ".parquet": "parquet",
                ".arrow": "arrow", ".arrows": "arrow"}  # fmt: skip
ENCODINGS = {".gz": "gzip", ".zst": "zstd"}


@dataclass(frozen=True)
class Ingested:
    """What became of records: `quarantined` ones are not stored, `errors` tells the first hundred of them."""

    records: int
    quarantined: int
    collection: str
    commit: int | None
    repeated: bool
    errors: list[dict[str, Any]] = field(repr=False)
    metrics: dict[str, Any] = field(repr=False)

    @classmethod
    def of(cls, answer: dict[str, Any]) -> Ingested:
        return cls(answer["records_processed"], answer["quarantined"], answer["collection"], answer["commit"],
                   answer["repeated"], answer["errors"], answer["performance_metrics"])  # fmt: skip


class Client:
    """`url` (without it the variable CANVASBACK_URL, else http://localhost:8080) may have a path, a proxy's. `key`
    (else CANVASBACK_KEY) goes along as a bearer token. Thread-safe."""

    def __init__(self, url: str | None = None, key: str | None = None, *, timeout_s: float = 300.0) -> None:
        self.transport = Transport(url, key, timeout_s=timeout_s)

    @property
    def url(self) -> str:
        return self.transport.url

    def __repr__(self) -> str:
        return f"canvasback.Client({self.url!r})"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.transport.close()

    def health(self) -> dict[str, Any]:
        found: dict[str, Any] = self.transport.document("GET", "/health")
        return found

    # --- Reading ---------------------------------------------------------------------------------------------------

    def datasets(self) -> list[dict[str, Any]]:
        """Name, rows, bytes … of each dataset."""
        found: list[dict[str, Any]] = self.transport.document("GET", "/api/v1/datasets")["datasets"]
        return found

    def dataset(self, name: str) -> Dataset:
        """A dataset by its name; nothing is asked for yet."""
        return Dataset(self.transport, name)

    def __getitem__(self, name: str) -> Dataset:
        return self.dataset(name)

    def sql(self, statement: str, parameters: Parameters = ()) -> Statement:
        """One SELECT over the datasets, with values for $1, $2 … (a list) or $name … (a dict); nothing is run yet."""
        return Statement(self.transport, statement, checked_parameters(parameters))

    # --- Records ---------------------------------------------------------------------------------------------------

    def ingest(self, source: Any, collection: str | None = None, *,
               on_error: Literal["reject", "quarantine"] | None = None,
               on_conflict: Literal["reject", "update", "ignore"] | None = None, cast: bool | None = None,
               progress: Wanted = False) -> Ingested:  # fmt: skip
        """Stores records, as a whole or not at all: a frame (anything with `__arrow_c_stream__`, polars, pandas), dicts
        (a list or any iterable), one dict, or a path of a JSON, NDJSON, CSV, Parquet or Arrow file.

        They are on the server's disk when this returns. A request whose answer was lost is sent again under its
        Idempotency-Key, so that nothing is stored twice; what can be read once only (an iterator) is not sent again.
        Quarantined records are a CanvasbackWarning.
        """
        body, kind, headers, again = _body_of(source)
        token = "py-" + secrets.token_hex(12)
        headers = {**headers, "Content-Type": kind, "Idempotency-Key": str(uuid.uuid4())}
        parameters: dict[str, Any] = {"collection": collection, "on_error": None if on_error == "reject" else on_error,
                                      "on_conflict": on_conflict, "cast": cast, "job": token}  # fmt: skip
        with Watch(self.transport, token, display_of(progress, f"ingest {collection or 'records'}")):
            answer = self.transport.document("POST", "/ingest/file", body, headers, retry=again, **parameters)
        done = Ingested.of(answer)
        if done.quarantined:
            first = done.errors[0]["message"] if done.errors else ""
            warn_limited(f"{done.quarantined:,} records are in quarantine and not stored; the first: {first}")
        return done

    def generate(self, collection: str, type: str, count: int, *, seed: int | None = None) -> dict[str, Any]:
        """Sample records made on the server: user, transaction, event, product or sensor."""
        body = {"type": type, "count": count} if seed is None else {"type": type, "count": count, "seed": seed}
        found: dict[str, Any] = self.transport.document(
            "POST", f"/api/v1/collections/{quoted(collection)}/generate", body)  # fmt: skip
        return found

    # --- Jobs ------------------------------------------------------------------------------------------------------

    def jobs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.transport.document("GET", "/api/v1/jobs")["jobs"]
        return found

    def job(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.transport.document("GET", f"/api/v1/jobs/{quoted(id)}")
        return found

    def watch_job(self, id: str) -> Iterator[dict[str, Any]]:
        """The job's document every 200 ms until it has ended."""
        for _, document in self.transport.events(f"/api/v1/jobs/{quoted(id)}/events"):
            if isinstance(document, dict) and "state" in document:
                yield document

    def cancel_job(self, id: str) -> None:
        self.transport.document("DELETE", f"/api/v1/jobs/{quoted(id)}")

    def queries(self) -> list[dict[str, Any]]:
        """Running and queued queries."""
        found: list[dict[str, Any]] = self.transport.document("GET", "/api/v1/queries")["queries"]
        return found

    def cancel_query(self, id: str | int) -> None:
        self.transport.document("DELETE", f"/api/v1/queries/{quoted(str(id))}")

    def metrics(self) -> dict[str, float]:
        """The counters of /metrics, by name and labels as Prometheus writes them."""
        with self.transport.open("GET", "/metrics") as answer:
            lines = answer.readall().decode().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}


def _body_of(source: Any) -> tuple[Body, str, dict[str, str], bool]:
    """A source as a body, its media type, further headers, and whether it can be sent again."""
    if isinstance(source, (str, os.PathLike)):
        path = pathlib.Path(source)
        encoding = ENCODINGS.get(path.suffix)
        inner = path.with_suffix("") if encoding else path
        kind = FILE_FORMATS.get(inner.suffix.lower())
        if kind is None:
            raise ValueError(f"no format is known for {path.name!r}; use one of {', '.join(FILE_FORMATS)}")
        media = {"json": "application/json", "ndjson": frames.NDJSON, "csv": "text/csv", "arrow": frames.ARROW,
                 "parquet": "application/vnd.apache.parquet"}[kind]  # fmt: skip
        return _file_parts(path), media, {"Content-Encoding": encoding} if encoding else {}, True
    if isinstance(source, Mapping):
        return json.dumps(source, default=frames._json_value, allow_nan=False).encode(), "application/json", {}, True
    if frames.is_frame(source):
        once = type(source).__name__ in ("RecordBatchReader", "RecordBatchStreamReader", "DuckDBPyRelation")
        return frames.arrow_parts(source), frames.ARROW, {}, not once
    if isinstance(source, (list, tuple)):
        return lambda: frames.record_parts(source), frames.NDJSON, {}, True
    if isinstance(source, Iterable):
        return lambda: frames.record_parts(source), frames.NDJSON, {}, False
    raise TypeError(f"records are a frame, dicts or a path of a file, not {type(source).__name__}")


def _file_parts(path: pathlib.Path) -> Callable[[], Iterator[bytes]]:
    def parts() -> Iterator[bytes]:
        with open(path, "rb") as file:
            while part := file.read(frames.PART_BYTES):
                yield part

    return parts
