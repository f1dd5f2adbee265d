"""One SELECT on the server, not run yet. Choosing from its result wraps it in another SELECT."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .conditions import Condition, condition_of, quote, scalar, sql_of
from .relation import Format, Relation
from .transport import Answer, Transport

Parameters = Sequence[Any] | Mapping[str, Any]


def checked_parameters(parameters: Parameters) -> list[Any] | dict[str, Any]:
    """Values of $1, $2 … or of $name as JSON has them."""
    if isinstance(parameters, (str, bytes)):
        raise TypeError("parameters are a list or a dict")
    if isinstance(parameters, Mapping):
        return {name: scalar(value) for name, value in parameters.items()}
    return [scalar(value) for value in parameters]


@dataclass(frozen=True, repr=False)
class Statement(Relation):
    transport: Transport
    text: str
    parameters: list[Any] | dict[str, Any] = field(default_factory=list)
    rows_max: int | None = None
    timeout_ms: int | None = None
    on_unreadable: str | None = None

    @property
    def label(self) -> str:
        text = " ".join(self.text.split())
        return "statement " + (text if len(text) <= 120 else text[:119] + "…")

    def filter(self, *conditions: Condition | Mapping[str, Any], **equal: Any) -> Statement:
        """Rows of the result for which all hold."""
        found = condition_of(conditions, equal)
        if found is None:
            return self
        if isinstance(self.parameters, dict):
            raise ValueError("filter needs parameters by position: $1, $2 …")
        values = list(self.parameters)
        return self._around("*", f"WHERE {sql_of(found.filter, values)}", values)

    def select(self, *columns: str) -> Statement:
        return self._around(", ".join(map(quote, columns)), "", self.parameters)

    def sort(self, *keys: str) -> Statement:
        """By these columns of the result, `-` in front for descending; NULLs are last."""
        from .dataset import order_sql

        return self._around("*", f"ORDER BY {order_sql(keys)}", self.parameters)

    def _around(self, what: str, tail: str, parameters: list[Any] | dict[str, Any]) -> Statement:
        inside = re.sub(r"[\s;]+\Z", "", self.text)
        if self.rows_max is not None:
            inside = f"SELECT * FROM ({inside}\n) LIMIT {self.rows_max}"
        # The line end: the statement may end in a comment.
        text = f"SELECT {what} FROM ({inside}\n) AS result {tail}".rstrip()
        return replace(self, text=text, parameters=parameters, rows_max=None)

    def limit(self, rows: int) -> Statement:
        """The first rows; the engine stops when it has them."""
        return replace(self, rows_max=rows if self.rows_max is None else min(rows, self.rows_max))

    def with_timeout(self, seconds: float) -> Statement:
        return replace(self, timeout_ms=max(1, round(seconds * 1000)))

    def _open(self, format: Format, *, compression: str | None = None, limit: int | None = None,
              job: str | None = None) -> Answer:  # fmt: skip
        rows_max = min((each for each in (limit, self.rows_max) if each is not None), default=None)
        body: dict[str, Any] = {"sql": self.text, "format": format}
        for name, value in (("parameters", self.parameters or None), ("limit", rows_max),
                            ("timeout_ms", self.timeout_ms), ("compression", compression)):  # fmt: skip
            if value is not None:
                body[name] = value
        return self.transport.open("POST", "/api/v1/query", json.dumps(body).encode(),
                                   {"Content-Type": "application/json"}, retry=None if job else True,
                                   job=job, on_unreadable=self.on_unreadable)  # fmt: skip

    def view_spec(self) -> dict[str, Any]:
        """The result as a view of the stream (docs/stream.md)."""
        if self.rows_max is not None:
            return self._around("*", "", self.parameters).view_spec()
        spec: dict[str, Any] = {"sql": self.text}
        if self.parameters:
            spec["parameters"] = self.parameters
        return spec

    def count(self) -> int:
        counted = self._around("count(*) AS n", "", self.parameters)
        return int(next(counted.rows())["n"])

    def _sql_types(self) -> dict[str, str]:
        with self._answer("json", limit=0) as answer:
            document = json.loads(answer.readall())
        return {column["name"]: column["type"] for column in document["columns"]}
