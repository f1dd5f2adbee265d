"""The numbers of a dashboard's tile as plain SQL on its source, for test_dashboards.py: one SELECT for each list of
groups, written from the tile and the metrics as docs/dashboards.md describes them, with none of the server's steps.
"""

import datetime
import decimal
import math


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float, decimal.Decimal)):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


class Oracle:
    def __init__(self, connection, model, zone):
        self.connection = connection
        self.model = model
        self.zone = zone
        self.relation = f"({model['sql']})" if "sql" in model else f'"{model["source"]}"'
        self.types = dict(
            (row[0], row[1]) for row in connection.execute(f"DESCRIBE SELECT * FROM {self.relation}").fetchall()
        )

    def dimension(self, name):
        for entry in self.model.get("dimensions", []):
            if entry == name:
                return {"name": name}
            if isinstance(entry, dict) and entry["name"] == name:
                return entry
        return None

    def local(self, column):
        if self.types[column] == "DATE":
            return f'CAST("{column}" AS TIMESTAMP)'
        return f"timezone('{self.zone}', timezone('UTC', \"{column}\"))"

    def bucket(self, column, grain):
        if grain == "hour":  # the instant; the marketplace's zones are whole hours apart
            return f"date_trunc('hour', \"{column}\")"
        return f"CAST(date_trunc('{grain}', {self.local(column)}) AS DATE)"

    def value(self, name):
        """SQL of a dimension, or of a column of that name."""
        dimension = self.dimension(name)
        if dimension is None:
            return f'"{name}"'
        of_time = "part" in dimension or "grain" in dimension
        column = dimension.get("column", self.model.get("time") if of_time else name)
        if "expression" in dimension:
            return f"({dimension['expression']})"
        if "part" in dimension:
            part = "isodow" if dimension["part"] == "weekday" else dimension["part"]
            return f"date_part('{part}', {self.local(column)})"
        if "grain" in dimension:
            return self.bucket(column, dimension["grain"])
        if "bins" in dimension:
            edges = dimension["bins"]
            cases = [f'WHEN "{column}" >= {low} AND "{column}" < {high} THEN {low}'
                     for low, high in zip(edges, edges[1:])]  # fmt: skip
            return f"CAST(CASE {' '.join(cases)} END AS DOUBLE)"
        return f'"{column}"'

    def condition(self, name, wanted):
        value = self.value(name)
        if isinstance(wanted, dict) and "not" not in wanted:
            parts = [f"{value} >= {literal(wanted['from'])}"] if "from" in wanted else []
            parts += [f"{value} < {literal(wanted['to'])}"] if "to" in wanted else []
            return "(" + " AND ".join(parts or ["true"]) + ")"
        negated = isinstance(wanted, dict)
        values = wanted["not"] if negated else wanted
        values = values if isinstance(values, list) else [values]
        parts = [f"{value} IS NOT DISTINCT FROM {literal(item)}" for item in values]
        found = "(" + (" OR ".join(parts) or "false") + ")"
        return f"(NOT {found})" if negated else found

    def measure(self, name):
        entry = next(one for one in self.model["measures"] if one["name"] == name)
        where = [self.condition(key, value) for key, value in entry.get("where", {}).items()]
        only = f" FILTER (WHERE {' AND '.join(where)})" if where else ""
        kind = entry["agg"]
        if kind == "ratio":
            over, under = (self.measure(of) for of in entry["of"])
            return f"CAST({over} AS DOUBLE) / nullif(CAST({under} AS DOUBLE), 0)"
        of = f'"{entry["of"]}"' if "of" in entry else "*"
        if kind == "distinct":
            return f"count(DISTINCT {of}){only}"
        if kind == "quantile":
            return f"quantile_cont(CAST({of} AS DOUBLE), {entry.get('q', 0.5)}){only}"
        if kind == "average":
            return f"CAST(sum({of}){only} AS DOUBLE) / nullif(count({of}){only}, 0)"
        return f"{kind}({of}){only}"

    def where(self, period, filters):
        parts = []
        if period is not None:
            day = f"CAST({self.local(self.model['time'])} AS DATE)"
            parts += [f"{day} >= DATE '{period['from']}'"] if period["from"] else []
            parts += [f"{day} < DATE '{period['to']}'"] if period["to"] else []
            parts.append(f'"{self.model["time"]}" IS NOT NULL')
        parts += [self.condition(name, wanted) for name, wanted in filters]
        return " WHERE " + " AND ".join(parts) if parts else ""

    def groups(self, keys, measures, period, filters, only=None):
        """{key: [measure …]} of all groups. keys: SQL. only: a condition beside the filters."""
        columns = [*keys, *(self.measure(name) for name in measures)]
        where = self.where(period, filters)
        if only:
            where += (" AND " if where else " WHERE ") + only
        sql = f"SELECT {', '.join(columns)} FROM {self.relation}{where}"
        if keys:
            sql += f" GROUP BY {', '.join(str(i + 1) for i in range(len(keys)))}"
        rows = self.connection.execute(sql).fetchall()
        return {tuple(map(plain, row[: len(keys)])): list(row[len(keys) :]) for row in rows}


def plain(value):
    """A value of DuckDB as a JSON answer has it, for keys."""
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    return value


def same(got, wanted):
    """Whether a number of an answer is this one of DuckDB: exact ones to the last digit."""
    if got is None or wanted is None:
        return got is None and wanted is None
    if isinstance(wanted, bool) or isinstance(wanted, str):
        return got == wanted
    if isinstance(wanted, datetime.datetime):
        return str(got).replace("T", " ").rstrip("Z").startswith(wanted.strftime("%Y-%m-%d %H:%M:%S"))
    if isinstance(wanted, datetime.date):
        return got == wanted.isoformat()
    if isinstance(wanted, float):
        return math.isclose(float(got), wanted, rel_tol=1e-11, abs_tol=1e-12)
    return decimal.Decimal(str(got)) == decimal.Decimal(wanted)
