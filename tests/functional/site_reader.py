"""A published site as a program reads it, for test_publish.py: index, page, answers and rollups by the contract of
docs/publish.md, with pyarrow and plain Python alone: none of the code that wrote them.
"""

import collections
import datetime
import decimal
import json
import math
import pathlib

import pyarrow.parquet as pq

EPOCH = datetime.date(1970, 1, 1)
BIN_ZERO = 40_000
GAMMA = 1.01 / 0.99


class Site:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.index = json.loads((self.folder / "index.json").read_text())

    def page(self, name):
        entry = next(one for one in self.index["dashboards"] if one["name"] == name)
        path = self.folder / entry["page"]["file"]
        assert path.stat().st_size == entry["page"]["bytes"]
        return json.loads(path.read_text())

    def answers(self, page, period):
        entry = next(one for one in page["answers"] if one["period"] == period)
        path = self.folder / entry["file"]
        assert path.stat().st_size == entry["bytes"]
        return json.loads(path.read_text())

    def table(self, rollup):
        path = self.folder / rollup["file"]
        assert path.stat().st_size == rollup["bytes"]
        with pq.ParquetFile(path) as file:
            check_layout(file, rollup, path.read_bytes())
            return file.read()

    def data_files(self):
        return {path.name: path.stat().st_mtime_ns for path in (self.folder / "data").iterdir()}

    def named_files(self):
        """Every file that readers of this generation may ask for."""
        out = set()
        for entry in self.index["dashboards"]:
            out.add(entry["page"]["file"])
            page = self.page(entry["name"])
            out |= {one["file"] for one in page["answers"]}
            out |= {one["file"] for model in page["models"] for one in model["rollups"]}
        return out


def check_layout(file, rollup, content):
    """Where the page says that row groups and the footer are, there they are."""
    metadata = file.metadata
    assert metadata.num_rows == rollup["rows"]
    assert int.from_bytes(content[-8:-4], "little") + 8 == rollup["footer"]
    assert metadata.num_row_groups == len(rollup["row_groups"])
    end = 4
    for i, group in enumerate(rollup["row_groups"]):
        assert metadata.row_group(i).num_rows == group["rows"]
        assert group["offset"] == end
        end = group["offset"] + group["bytes"]
    assert end + rollup["footer"] <= rollup["bytes"]


def day_of(number):
    return (EPOCH + datetime.timedelta(days=number)).isoformat()


def leaf_value(leaf, value, field_type):
    """A value of a column of leaves as Python's exact number, or a text."""
    if value is None:
        return None
    if str(field_type) == "double":
        return value
    if leaf["merge"] != "sum" and str(field_type) == "string":
        return value
    return decimal.Decimal(int(value)).scaleb(-leaf.get("scale", 0), decimal.Context(prec=60))


def merged(leaf, a, b):
    if a is None or b is None:
        return b if a is None else a
    return a + b if leaf["merge"] == "sum" else min(a, b) if leaf["merge"] == "min" else max(a, b)


def cells(site, model, rollup):
    """[(t, dimensions, {leaf: value})] of a rollup of leaves."""
    table = site.table(rollup)
    columns = {name: table.column(name).to_pylist() for name in table.column_names}
    types = {name: table.schema.field(name).type for name in table.column_names}
    out = []
    for row in range(table.num_rows):
        t = columns["t"][row] if "t" in columns else None
        key = tuple(columns[f"d{i}"][row] for i in range(len(rollup["dimensions"])))
        leaves = {i: leaf_value(model["leaves"][i], columns[f"l{i}"][row], types[f"l{i}"]) for i in rollup["leaves"]}
        out.append((t, key, leaves))
    return out


def groups(site, model, rollup, keys, period=None, where=None):
    """{key: {leaf: value}} of a rollup's cells, by some of its dimensions ("t" is the day)."""
    dimensions = rollup["dimensions"]
    out = collections.defaultdict(dict)
    for t, values, leaves in cells(site, model, rollup):
        day = day_of(t) if t is not None else None
        if period and not ((period[0] is None or day >= period[0]) and (period[1] is None or day < period[1])):
            continue
        named = dict(zip(dimensions, values))
        if where and any(named[name] not in wanted for name, wanted in where.items()):
            continue
        key = tuple(day if name == "t" else named[name] for name in keys)
        for i, value in leaves.items():
            out[key][i] = merged(model["leaves"][i], out[key].get(i), value) if i in out[key] else value
    return dict(out)


def measure(model, name, leaves):
    """The number of a measure that is made of leaves."""
    made = model["measures"][name]
    if made["make"] == "value":
        return leaves[made["leaf"]]
    if made["make"] == "average":
        total, count = leaves[made["sum"]], leaves[made["count"]]
        return float(total) / float(count) if count else None
    over, under = (measure(model, of, leaves) for of in made["of"])
    return float(over) / float(under) if over is not None and under else None


def sketch_groups(site, rollup, keys, period=None, where=None):
    """{key: {register or bin: rank or count}}, merged."""
    table = site.table(rollup)
    distinct = rollup["kind"] == "distinct"
    rows = table.to_pylist()
    out = collections.defaultdict(dict)
    for row in rows:
        day = day_of(row["t"]) if "t" in row else None
        if period and not ((period[0] is None or day >= period[0]) and (period[1] is None or day < period[1])):
            continue
        named = {name: row[f"d{i}"] for i, name in enumerate(rollup["dimensions"])}
        if where and any(named[name] not in wanted for name, wanted in where.items()):
            continue
        key = tuple(day if name == "t" else named[name] for name in keys)
        at, value = (row["h"] >> 6, row["h"] & 63) if distinct else (row["b"], row["n"])
        had = out[key].get(at, 0)
        out[key][at] = max(had, value) if distinct else had + value
    return dict(out)


def sigma(x):
    if x == 1:
        return math.inf
    y, z = 1.0, x
    while True:
        x *= x
        before = z
        z += x * y
        y += y
        if z == before:
            return z


def tau(x):
    if x in (0, 1):
        return 0.0
    y, z = 1.0, 1 - x
    while True:
        x = math.sqrt(x)
        before = z
        y /= 2
        z -= (1 - x) ** 2 * y
        if z == before:
            return z / 3


def distinct_estimate(registers):
    """Ertl's improved estimate of 4,096 registers with ranks of 1 to 53."""
    m, q = 4096, 52
    counts = collections.Counter(registers.values())
    z = m * tau(1 - counts[q + 1] / m)
    for k in range(q, 0, -1):
        z = (z + counts[k]) / 2
    z += m * sigma((m - len(registers)) / m)
    return round(m * m / (2 * math.log(2)) / z)


def bin_value(at):
    if at == 0:
        return 0.0
    return math.copysign(2 * GAMMA ** (abs(at) - BIN_ZERO) / (GAMMA + 1), at)


def quantile_estimate(bins, q):
    ordered = sorted(bins.items())
    rank = q * (sum(bins.values()) - 1)

    def at_rank(wanted):
        for at, count in ordered:
            wanted -= count
            if wanted < 0:
                return bin_value(at)
        return bin_value(ordered[-1][0])

    low, high = at_rank(math.floor(rank)), at_rank(math.ceil(rank))
    return low + (high - low) * (rank - math.floor(rank))
