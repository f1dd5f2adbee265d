"""Random files of CSV and JSON against Python's csv and json modules: rows, filters, sorts, keyset pages, SQL, exports.

A few hundred files by default; CANVASBACK_TEXT_FILES asks for more.
"""

import csv
import io
import json
import os
import random

import pyarrow.parquet
import pytest

FILES = int(os.environ.get("CANVASBACK_TEXT_FILES", "120"))
AT_ONCE = 40  # datasets of one server
WORDS = ["", "a", "Ä€😀", "x,y", "a;b", 'say "so"', "two\nlines", " pad ", "NULL", "nan", "true", "1.10", "0x1F",
         "1E5", "00501", "-0", "12345678901234567890", "2024-02-30", "10.9.8", "\t", "'", "#7", "=1+1", "0",
         "é" * 40]  # fmt: skip


def number(rng):
    return rng.choice([rng.randrange(-9, 10), rng.randrange(-10**6, 10**6), rng.randrange(-2**63, 2**63)])


# What the cells of a column are written as, and how surprising the last of them is.
KINDS = {
    "integer": lambda rng: str(number(rng)),
    "money": lambda rng: f"{rng.randrange(-10**7, 10**7) / 100:.2f}",
    "double": lambda rng: repr(rng.uniform(-1e6, 1e6)),
    "date": lambda rng: f"{rng.randrange(1900, 2100)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}",
    "time": lambda rng: f"2024-{rng.randrange(1, 13):02}-11 {rng.randrange(24):02}:{rng.randrange(60):02}:00",
    "bool": lambda rng: rng.choice(["true", "false"]),
    "text": lambda rng: rng.choice(WORDS),
    "code": lambda rng: f"{rng.randrange(10**5):05}",
}


def random_csv(rng):
    """Bytes of a file and its cells; None is a cell that is empty without quotes."""
    names = rng.sample(["id", "na me", "Wert", "x", "größe", "q\"q", "c.d"], rng.randrange(2, 7))
    kinds = [rng.choice(list(KINDS)) for _ in names]
    count = rng.choice([1, 2, 7, 60, 400])
    surprise = (rng.randrange(count), rng.randrange(len(names))) if rng.random() < 0.4 else None
    rows = []
    for row in range(count):
        rows.append([None if rng.random() < 0.05 else KINDS[kind](rng) for kind in kinds])
        if surprise and surprise[0] == row:
            rows[-1][surprise[1]] = rng.choice([word for word in WORDS if word])
    delimiter = rng.choice(",,,;\t|")
    end = rng.choice(["\n", "\r\n"])
    must = set(delimiter + '"\r\n#' + " ")

    def cell(value):
        if value is None:
            return ""
        return '"' + value.replace('"', '""') + '"' if not value or must & set(value) or rng.random() < 0.02 else value

    lines = [delimiter.join(map(cell, row)) for row in [names, *rows]]
    text = end.join(lines) + (end if rng.random() < 0.8 else "")
    encoding = rng.choice(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16"])
    return text.encode(encoding), names, rows, delimiter


def random_value(rng, depth=0):
    pick = rng.randrange(9 if depth < 2 else 6)
    return [lambda: number(rng), lambda: rng.uniform(-1e9, 1e9), lambda: rng.choice(WORDS), lambda: rng.random() < 0.5,
            lambda: None, lambda: rng.choice([0.1, 1e300, -0.0, 5e-324, 10**25, 2**63]),
            lambda: [number(rng) for _ in range(rng.randrange(3))], lambda: [rng.choice(WORDS) for _ in range(2)],
            lambda: {"a": number(rng), "b": rng.choice(WORDS)}][pick]()  # fmt: skip


def random_json(rng):
    names = rng.sample(["id", "na me", "Wert", "x", "größe", "q\"q", "c.d"], rng.randrange(2, 6))
    kinds = [rng.randrange(1 << 30) for _ in names]
    rows = []
    for row in range(rng.choice([1, 2, 7, 60, 400])):
        record = {}
        for name, kind in zip(names, kinds):
            own = random.Random(kind)
            pick = own.randrange(6)
            value = [number(rng), rng.uniform(-9, 9), rng.choice(WORDS), rng.random() < 0.5, [number(rng)],
                     {"a": number(rng)}][pick]  # fmt: skip
            record[name] = random_value(rng) if rng.random() < 0.03 else value
            if rng.random() < 0.05:
                del record[name]
        rows.append(record)
    rows = [row for row in rows if row] or [{"id": 1}]
    texts = [json.dumps(row, ensure_ascii=rng.random() < 0.5) for row in rows]
    layout = rng.randrange(3)
    if layout == 0:
        text = "\n".join(texts) + rng.choice(["", "\n"])
    elif layout == 1:
        text = "[" + rng.choice([",", " ,\n"]).join(texts) + "]"
    else:
        text = "\n".join(json.dumps(row, indent=1) for row in rows)
    return text.encode(), rows


def same_cell(text, value):
    """A cell as the file has it, and a value of any JSON kind or of CSV."""
    if text is None or value is None:
        return text is None and value is None
    if isinstance(value, bool):
        return text == str(value).lower()
    shown = str(value)
    if shown == text or shown.replace("T", " ").removesuffix("Z") == text:
        return True
    if shown == "NaN":
        return text == "nan"  # among doubles
    try:
        return float(shown) == float(text) and (isinstance(value, float) or len(text) < 16)
    except ValueError:
        return False


def same_rows(got, wanted):
    return len(got) == len(wanted) and all(
        len(row) == len(right) and all(map(same_cell, right, row)) for row, right in zip(got, wanted))  # fmt: skip


def all_pages(server, name, sort, limit):
    rows, after = [], None
    while True:
        page = server.page(name, sort=sort, limit=limit, after=after, format="json")
        rows += page["rows"]
        after = page["next"]
        if not after:
            return rows


def check_csv(server, name, columns, rows, rng):
    page = server.page(name, format="json")
    assert [column["name"] for column in page["columns"]] == columns
    assert same_rows(page["rows"], rows), (page["rows"][:3], rows[:3])
    assert page["total_rows"] == len(rows) and page["total_exact"]
    offset = rng.randrange(len(rows))
    assert server.page(name, offset=offset, limit=3, format="json")["rows"] == page["rows"][offset : offset + 3]
    assert server.sql(f'SELECT * FROM "{name}"').json()["rows"] == page["rows"]
    at = rng.randrange(len(columns))
    value = page["rows"][rng.randrange(len(rows))][at]
    if "," not in columns[at]:
        wanted = [row for row in page["rows"] if row[at] == value]
        assert server.page(name, filter={columns[at]: value}, format="json")["rows"] == wanted
    key = columns[at]
    ordered = server.page(name, sort=key, format="json")["rows"]
    assert sorted(map(json.dumps, ordered)) == sorted(map(json.dumps, page["rows"]))
    assert all_pages(server, name, key, max(1, len(rows) // 3)) == ordered
    exported = server.get(f"/api/v1/datasets/{name}/export", format="csv").body.decode()
    cells = list(csv.reader(io.StringIO(exported, newline="")))
    assert cells[0] == columns
    assert same_rows([[cell if cell else None for cell in row] for row in cells[1:]],
                     [[cell or None for cell in row] for row in rows])  # fmt: skip
    table = pyarrow.parquet.read_table(io.BytesIO(server.get(f"/api/v1/datasets/{name}/export", format="parquet").body))
    assert table.column_names == columns and table.num_rows == len(rows)


def rebuilt(record, names):
    """The record that a row of columns was, its siblings put together."""
    out = {}
    for name, value in zip(names, record):
        if value is None:
            continue
        key, _, sibling = name.rpartition("__")
        if not key or sibling not in ("string", "double"):
            key = name
        out[key] = value
    return out


def same_value(got, wanted):
    if isinstance(wanted, bool) or isinstance(got, bool):
        return got == wanted or got == str(wanted).lower()
    if isinstance(wanted, float):
        return float(got) == wanted
    if isinstance(wanted, int):
        return str(got).removesuffix(".0") == str(wanted) or got == wanted
    if isinstance(wanted, (list, dict)):
        if isinstance(got, str):
            got = json.loads(got)
        if isinstance(wanted, list):
            return len(got) == len(wanted) and all(map(same_value, got, wanted))
        return all(same_value(got.get(key), value) for key, value in wanted.items())
    return got == wanted


def check_json(server, name, rows, rng):
    page = server.page(name, format="json", numbers="plain")
    names = [column["name"] for column in page["columns"]]
    assert page["total_rows"] == len(rows)
    for got, wanted in zip(page["rows"], rows, strict=True):
        built = rebuilt(got, names)
        present = {key: value for key, value in wanted.items() if value is not None}
        assert set(built) == set(present), (built, wanted)
        assert all(same_value(built[key], value) for key, value in present.items()), (built, wanted)
    assert server.sql(f'SELECT * FROM "{name}"', numbers="plain").json()["rows"] == page["rows"]
    offset = rng.randrange(len(rows))
    some = server.page(name, offset=offset, limit=3, format="json", numbers="plain")["rows"]
    assert some == page["rows"][offset : offset + 3]
    lines = server.get(f"/api/v1/datasets/{name}/export", format="ndjson").body.decode().splitlines()
    assert len(lines) == len(rows)


@pytest.mark.parametrize("batch", range((FILES + AT_ONCE - 1) // AT_ONCE))
def test_random_files(serve, tmp_path, batch):
    rng = random.Random(20_000 + batch)
    paths, checks = [], []
    for number_ in range(AT_ONCE):
        if rng.random() < 0.6:
            content, names, rows, _ = random_csv(rng)
            path = tmp_path / f"c{number_}.csv"
            checks.append((path, check_csv, (path.stem, names, rows)))
        else:
            content, rows = random_json(rng)
            path = tmp_path / f"j{number_}.json"
            checks.append((path, check_json, (path.stem, rows)))
        path.write_bytes(content)
        paths.append(path)
    server = serve(*paths)
    for path, check, arguments in checks:
        try:
            check(server, *arguments, random.Random(path.stem))
        except AssertionError as error:
            raise AssertionError(f"{path.name}: {path.read_bytes()[:600]!r}\n{error}") from error
