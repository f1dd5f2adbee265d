"""A dataset of a server and a choice of its rows: filter, columns, order, sample, range. Lazy; every method that
chooses gives a new one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .conditions import Condition, Filter, condition_of, quote, sql_of
from .relation import Format, Relation
from .statement import Parameters, Statement, checked_parameters
from .transport import Answer, Transport, quoted

LIST_BRACKETS = re.compile(r'[",]|^-|^\s|\s$')


@dataclass(frozen=True, repr=False)
class Dataset(Relation):
    transport: Transport
    name: str
    where: Condition | None = None
    columns: tuple[str, ...] | None = None
    order: tuple[str, ...] = ()
    sample_of: str | None = None
    seed: int = 0
    skipped: int = 0
    rows_max: int | None = None
    timeout_ms: int | None = None
    on_unreadable: str | None = None

    @property
    def path(self) -> str:
        return f"/api/v1/datasets/{quoted(self.name)}"

    @property
    def label(self) -> str:
        parts = [f"dataset {self.name}"]
        if self.where is not None:
            parts.append(f"where {self.where.filter}")
        if self.order:
            parts.append(f"by {', '.join(self.order)}")
        if self.sample_of:
            parts.append(f"a sample of {self.sample_of}")
        if self.rows_max is not None:
            parts.append(f"at most {self.rows_max:,} rows")
        return ", ".join(parts)

    def filter(self, *conditions: Condition | Mapping[str, Any], **equal: Any) -> Dataset:
        """Rows for which all hold: `col("delay") > 60`, a dict as the API has it, `origin="SFO"`."""
        found = condition_of(conditions, equal)
        if found is None:
            return self
        self._before_range("filter")
        return replace(self, where=found if self.where is None else self.where & found)

    def select(self, *columns: str) -> Dataset:
        """These columns, in this order."""
        return replace(self, columns=tuple(columns))

    def sort(self, *keys: str) -> Dataset:
        """By these columns, `-` in front for descending; NULLs are last, ties keep the order of the files."""
        self._before_range("sort")
        return replace(self, order=tuple(keys))

    def sample(self, n: int | None = None, *, fraction: float | None = None, seed: int = 0) -> Dataset:
        """`n` rows or a share of them (0 to 1), the same ones for the same seed."""
        if (n is None) == (fraction is None):
            raise ValueError("sample takes a number of rows or a fraction")
        self._before_range("sample")
        if n is not None:
            return replace(self, sample_of=f"{n} rows", seed=seed)
        assert fraction is not None
        percent = f"{fraction * 100:.6f}".rstrip("0").rstrip(".")
        return replace(self, sample_of=f"{percent}%", seed=seed)

    def limit(self, rows: int) -> Dataset:
        if rows < 0:
            raise ValueError("limit must be at least 0")
        return replace(self, rows_max=rows if self.rows_max is None else min(rows, self.rows_max))

    def offset(self, rows: int) -> Dataset:
        """Skips rows, in front of those that a limit leaves."""
        left = None if self.rows_max is None else max(0, self.rows_max - rows)
        return replace(self, skipped=self.skipped + rows, rows_max=left)

    def with_timeout(self, seconds: float) -> Dataset:
        """Past it, reading raises QueryTimeout."""
        return replace(self, timeout_ms=max(1, round(seconds * 1000)))

    def with_unreadable(self, what: str) -> Dataset:
        """`fail` or `skip`: what files that cannot be read do. Skipped ones are named by a CanvasbackWarning."""
        return replace(self, on_unreadable=what)

    def _before_range(self, what: str) -> None:
        # The API filters and sorts before it counts rows off: the other way round it would be other rows.
        if self.rows_max is not None or self.skipped:
            raise ValueError(f"{what} must stand in front of limit and offset; use sql() for {what} of their rows")

    def sql(self, statement: str, parameters: Parameters = ()) -> Statement:
        """One SELECT over these rows as the table `self`: `sql("SELECT origin, count(*) FROM self GROUP BY 1")`."""
        values = checked_parameters(parameters)
        if isinstance(values, dict):
            raise ValueError("over a selection, parameters are a list: its own values are among them")
        own, shown = self._as_sql(len(values))
        text = f"WITH self AS ({shown})"
        begins = re.match(r"\s*WITH\s+(RECURSIVE\s+)?", statement, re.IGNORECASE)
        if begins:
            recursive = "RECURSIVE " if begins.group(1) else ""
            text = f"WITH {recursive}self AS ({shown}), {statement[begins.end():]}"
        else:
            text = f"{text} {statement}"
        return Statement(self.transport, text, [*values, *own], timeout_ms=self.timeout_ms,
                         on_unreadable=self.on_unreadable)  # fmt: skip

    def _as_sql(self, first: int) -> tuple[list[Any], str]:
        """This selection as SQL; its values are parameters behind the `first` ones of the caller."""
        if self.sample_of:
            raise ValueError("a sample cannot be a table of a statement; use TABLESAMPLE or USING SAMPLE in SQL")
        values: list[Any] = [None] * first
        text = f"SELECT {', '.join(map(quote, self.columns)) if self.columns else '*'} FROM {quote(self.name)}"
        if self.where is not None:
            text += f" WHERE {sql_of(self.where.filter, values)}"
        if self.order:
            text += f" ORDER BY {order_sql(self.order)}"
        if self.rows_max is not None:
            text += f" LIMIT {self.rows_max}"
        if self.skipped:
            text += f" OFFSET {self.skipped}"
        return values[first:], text

    # --- Reading ---------------------------------------------------------------------------------------------------

    def selection(self, limit: int | None = None) -> dict[str, Any]:
        """The selection as the API has it, the JSON body of an export."""
        rows_max = min((each for each in (limit, self.rows_max) if each is not None), default=None)
        body: dict[str, Any] = {
            "columns": list(self.columns) if self.columns is not None else None,
            "filter": self.where.filter if self.where is not None else None,
            "sort": sort_text(self.order) if self.order else None,
            "sample": self.sample_of, "seed": self.seed if self.sample_of else None,
            "offset": self.skipped or None, "limit": rows_max, "timeout_ms": self.timeout_ms}  # fmt: skip
        return {name: value for name, value in body.items() if value is not None}

    def _open(self, format: Format, *, compression: str | None = None, limit: int | None = None,
              job: str | None = None) -> Answer:  # fmt: skip
        import json

        body = {**self.selection(limit), "format": format}
        if compression is not None:
            body["compression"] = compression
        return self.transport.open("POST", self.path + "/export", json.dumps(body).encode(),
                                   {"Content-Type": "application/json"}, retry=None if job else True,
                                   job=job, on_unreadable=self.on_unreadable)  # fmt: skip

    def view_spec(self) -> dict[str, Any]:
        """The same rows as a view of the stream (docs/stream.md)."""
        if self.sample_of or self.rows_max is not None or self.skipped:
            raise ValueError("a view shows all rows of a selection: it has no sample, limit or offset")
        spec: dict[str, Any] = {"dataset": self.name}
        if self.where is not None:
            spec["filter"] = self.where.filter
        if self.columns is not None:
            spec["columns"] = list(self.columns)
        if self.order:
            spec["sort"] = [{"column": key.removeprefix("-"), "descending": key.startswith("-")} for key in self.order]
        return spec

    def detail(self) -> dict[str, Any]:
        """Schema, sizes, bounds and files, of the whole dataset, from footers."""
        found: dict[str, Any] = self.transport.document("GET", self.path)
        return found

    def _sql_types(self) -> dict[str, str]:
        return {column["name"]: column["type"] for column in self.detail()["columns"]}

    def count(self) -> int:
        if self.sample_of:
            return sum(batch.rows for batch in self.select(self._any_column()).values())
        body: dict[str, Any] = {"measures": ["count"], "numbers": "plain"}
        if self.where is not None:
            body["filter"] = self.where.filter
        answer = self.transport.document("POST", self.path + "/aggregate", body, retry=True)
        rows = max(0, int(answer["rows"][0][0]) - self.skipped)
        return rows if self.rows_max is None else min(rows, self.rows_max)

    def _any_column(self) -> str:
        return self.columns[0] if self.columns else str(self.detail()["columns"][0]["name"])

    def aggregate(self, *measures: str | Mapping[str, Any], group_by: list[Any] | None = None,
                  sort: str | None = None, limit: int | None = None) -> list[dict[str, Any]]:  # fmt: skip
        """Measures by groups, as the API has them; rows as dicts."""
        self._before_range("aggregate")
        if self.sample_of:
            raise ValueError("aggregates of a sample: read the sample, or use sql()")
        filter: Filter | None = self.where.filter if self.where is not None else None
        body = {"measures": list(measures), "group_by": group_by, "filter": filter, "sort": sort, "limit": limit,
                "numbers": "plain"}  # fmt: skip
        answer = self.transport.document("POST", self.path + "/aggregate", body, retry=True)
        names = [column["name"] for column in answer["columns"]]
        return [dict(zip(names, row)) for row in answer["rows"]]

    def profile(self, type: str = "profile") -> dict[str, Any]:
        """`summary`, `profile` or `quality` of the columns (docs/api.md#profiles)."""
        columns = column_list(self.columns) if self.columns else None
        filter = self.where.filter if self.where is not None else None
        found: dict[str, Any] = self.transport.document("GET", self.path + "/profile", type=type, columns=columns,
                                                        filter=filter)  # fmt: skip
        return found


def quoted_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if LIST_BRACKETS.search(name) else name


def column_list(names: tuple[str, ...]) -> str:
    return ",".join(map(quoted_name, names))


def sort_text(keys: tuple[str, ...]) -> str:
    return ",".join(("-" if key.startswith("-") else "") + quoted_name(key.removeprefix("-")) for key in keys)


def order_sql(keys: tuple[str, ...]) -> str:
    return ", ".join(f"{quote(key.removeprefix('-'))} {'DESC' if key.startswith('-') else 'ASC'} NULLS LAST"
                     for key in keys)  # fmt: skip
