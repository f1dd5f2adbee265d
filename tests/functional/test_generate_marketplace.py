"""`canvasback generate --type marketplace`: the same rows in every format, the same bytes for the same seed, changes
that a database can take, and arguments that make no sense together."""

import datetime
import decimal
import hashlib
import os
import re
import signal
import sqlite3
import subprocess

import pyarrow.parquet
import pytest
from serving import BINARY, wait_for

TABLES = ("sellers", "offers", "customers", "orders")
ORDERS = 3000
LITERAL = re.compile(r"'((?:[^'\\]|\\.)*)'|(NULL)|(-?[0-9.]+)")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "Z": "\x1a"}


def run(*arguments, cwd=None):
    return subprocess.run([BINARY, "generate", *map(str, arguments)], capture_output=True, check=False, cwd=cwd)


def generate(*arguments, orders=ORDERS, seed=5):
    done = run("--type", "marketplace", "--orders", orders, "--seed", seed, *arguments)
    assert done.returncode == 0, done.stderr
    return done


def unescaped(text):
    return re.sub(r"\\(.)", lambda match: ESCAPES.get(match.group(1), match.group(1)), text)


def values_of(line):
    """The literals of one row of an INSERT, as text; None for NULL."""
    found = LITERAL.findall(line)
    return [None if null else number or unescaped(text) for text, null, number in found]


def rows_of_script(text):
    """Table → (columns, rows as text) of all INSERTs of a script."""
    tables = {}
    for line in text.splitlines():
        if line.startswith("INSERT INTO"):
            name, columns = re.fullmatch(r"INSERT INTO `(\w+)` \((.*)\) VALUES", line).groups()
            rows = tables.setdefault(name, (re.findall(r"`(\w+)`", columns), []))[1]
        elif line.startswith("("):
            rows.append(values_of(line))
    return tables


def rows_of_tsv(path):
    return [[None if field == "\\N" else unescaped(field) for field in line.split("\t")]
            for line in path.read_text(encoding="utf-8").split("\n")[:-1]]  # fmt: skip


def as_text(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    return None if value is None else str(value)


def rows_of_parquet(path):
    table = pyarrow.parquet.read_table(path)
    return table, [[as_text(value) for value in row.values()] for row in table.to_pylist()]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with the same marketplace as Parquet, SQL and load files."""
    folder = tmp_path_factory.mktemp("marketplace")
    generate("--out", folder / "parquet")
    generate("--format", "sql", "--out", folder / "all.sql")
    generate("--format", "tsv", "--out", folder / "tsv")
    return folder


def test_the_same_rows_in_every_format(made):
    script = rows_of_script((made / "all.sql").read_text(encoding="utf-8"))
    assert sorted(script) == sorted(TABLES)
    for name in TABLES:
        table, rows = rows_of_parquet(made / f"parquet/{name}.parquet")
        assert script[name][0] == table.column_names
        assert script[name][1] == rows, name
        assert rows_of_tsv(made / f"tsv/{name}.tsv") == rows, name
    assert len(script["orders"][1]) == ORDERS


def test_the_files_that_are_written(made):
    assert sorted(path.name for path in (made / "parquet").iterdir()) == sorted(f"{name}.parquet" for name in TABLES)
    assert sorted(path.name for path in (made / "tsv").iterdir()) == sorted(
        [f"{name}.tsv" for name in TABLES] + ["schema.sql", "load.sql"])  # fmt: skip
    schema = (made / "tsv/schema.sql").read_text(encoding="utf-8")
    assert (made / "all.sql").read_text(encoding="utf-8").startswith(schema)
    assert all(f"CREATE TABLE {name} (" in schema for name in TABLES)
    load = (made / "tsv/load.sql").read_text(encoding="utf-8")
    assert all(f"LOAD DATA LOCAL INFILE '{name}.tsv' INTO TABLE {name} " in load for name in TABLES)


def test_types_and_compression_of_the_parquet_files(made):
    file = pyarrow.parquet.ParquetFile(made / "parquet/orders.parquet")
    types = {field.name: str(field.type) for field in file.schema_arrow}
    assert types["id"] == "int64" and types["status"] == "string"
    assert {types[name] for name in ("unit_price", "discount", "amount", "fee", "refunded")} == {"decimal128(12, 2)"}
    assert types["created_at"] == types["updated_at"] == "timestamp[us]"
    group = file.metadata.row_group(0)
    assert {group.column(i).compression for i in range(group.num_columns)} == {"ZSTD"}


def test_rows_refer_to_rows_that_are_there(made):
    tables = {name: rows_of_parquet(made / f"parquet/{name}.parquet")[0].to_pylist() for name in TABLES}
    by_id = {name: {row["id"]: row for row in rows} for name, rows in tables.items()}
    for offer in tables["offers"]:
        assert by_id["sellers"][offer["seller_id"]]["created_at"] <= offer["created_at"]
    for order in tables["orders"]:
        offer = by_id["offers"][order["offer_id"]]
        customer = by_id["customers"][order["customer_id"]]
        assert (offer["seller_id"], offer["category"]) == (order["seller_id"], order["category"])
        assert customer["country"] == order["country"]
        assert max(offer["created_at"], customer["created_at"]) <= order["created_at"] <= order["updated_at"]
        assert order["amount"] == order["quantity"] * order["unit_price"] - order["discount"]
        assert order["refunded"] <= order["amount"]
        assert (order["refunded"] > 0) == (order["status"] == "refunded") == (order["refunded_at"] is not None)
        if order["refunded_at"]:
            assert order["refunded_at"] > order["created_at"]
    assert sum(order["amount"] for order in tables["orders"]) > decimal.Decimal(10_000)


def test_the_same_seed_the_same_bytes(made, tmp_path):
    generate("--threads", "1", "--out", tmp_path / "again")
    generate("--out", tmp_path / "other", seed=6)
    generate("--format", "sql", "--threads", "1", "--out", tmp_path / "again.sql")
    generate("--format", "sql", "--out", tmp_path / "other.sql", seed=6)
    for name in TABLES:
        path = f"{name}.parquet"
        assert digest(tmp_path / "again" / path) == digest(made / "parquet" / path), name
        assert digest(tmp_path / "other" / path) != digest(made / "parquet" / path), name
    assert digest(tmp_path / "again.sql") == digest(made / "all.sql")
    assert digest(tmp_path / "other.sql") != digest(made / "all.sql")


def test_sql_goes_to_stdout_without_out(made):
    assert generate("--format", "sql").stdout == (made / "all.sql").read_bytes()


def test_a_full_disk_and_a_reader_that_has_left():
    arguments = [BINARY, "generate", "--type", "marketplace", "--orders", "3000", "--format", "sql"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(arguments, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1 and b"No space left" in done.stderr
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(arguments, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert done.returncode == 0 and done.stderr == b""


def test_an_interrupted_one_leaves_no_unfinished_file(tmp_path):
    arguments = [BINARY, "generate", "--type", "marketplace", "--orders", "100000000", "--out", tmp_path / "shop"]
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE)
    wait_for(lambda: list(tmp_path.glob("shop/.sellers.parquet.*")) or list(tmp_path.glob("shop/sellers.parquet")))
    process.terminate()
    assert process.wait(60) == -signal.SIGTERM
    process.stderr.close()
    assert not list(tmp_path.glob("shop/.*")), list(tmp_path.glob("shop/.*"))
    assert not (tmp_path / "shop/orders.parquet").exists()


def as_sqlite(statement):
    """What SQLite says otherwise."""
    statement = re.sub(r",\n  KEY \w+ \(\w+\)", "", statement.replace(" ENGINE=InnoDB DEFAULT CHARSET=utf8mb4", ""))
    return statement.replace("\\'", "''").replace("START TRANSACTION", "BEGIN")


def statements_of(script):
    return [statement for statement in re.split(r";\n", script) if statement and not statement.startswith("SET ")]


def changed_database(made, changes):
    """A database with the tables, then with the changes; how many rows each kind of statement met."""
    database = sqlite3.connect(":memory:", isolation_level=None)
    for statement in statements_of((made / "all.sql").read_text(encoding="utf-8")):
        database.execute(as_sqlite(statement))
    met = {}
    for statement in statements_of(changes):
        cursor = database.execute(as_sqlite(statement))
        met.setdefault(statement.split()[0], []).append(cursor.rowcount)
    return database, met


def test_changes_are_statements_that_meet_one_row_each(made):
    changes = generate("--changes", 2000).stdout.decode()
    database, met = changed_database(made, changes)
    assert sum(len(met[word]) for word in ("INSERT", "UPDATE", "DELETE")) == 2000
    assert len(met["START"]) == len(met["COMMIT"]) == 100
    assert set(met["INSERT"]) == set(met["UPDATE"]) == set(met["DELETE"]) == {1}
    rows = database.execute("SELECT count(*), count(DISTINCT id) FROM orders").fetchone()
    inserted = sum(statement.startswith("INSERT INTO orders") for statement in statements_of(changes))
    assert rows == (ORDERS + inserted - len(met["DELETE"]),) * 2
    late = database.execute(f"SELECT count(*) FROM orders WHERE id > {ORDERS} AND updated_at < '2026-01-01'").fetchone()
    assert late[0] > 100
    silent = [statement for statement in statements_of(changes)
              if statement.startswith("UPDATE") and "`updated_at`" not in statement]  # fmt: skip
    assert 80 < len(silent) < 300


def test_changes_are_the_same_for_the_same_seed(tmp_path):
    first = generate("--changes", 500).stdout
    assert generate("--changes", 500, "--format", "sql", "--out", tmp_path / "changes.sql").stdout == b""
    assert (tmp_path / "changes.sql").read_bytes() == first
    assert generate("--changes", 500, seed=6).stdout != first


def test_no_orders_are_empty_tables(tmp_path):
    generate("--out", tmp_path / "empty", orders=0)
    for name in TABLES:
        assert pyarrow.parquet.read_table(tmp_path / f"empty/{name}.parquet").num_rows == 0
    assert b"INSERT" not in generate("--format", "sql", orders=0).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--type", "marketplace", "--out", "x"], b"needs --orders"),
        (["--type", "marketplace", "--orders", "5"], b"needs --out DIR"),
        (["--type", "marketplace", "--orders", "5", "--format", "tsv"], b"needs --out DIR"),
        (["--type", "marketplace", "--orders", "5", "--format", "ndjson", "--out", "x"], b"parquet, sql and tsv"),
        (["--type", "marketplace", "--orders", "5", "--count", "5", "--out", "x"], b"--count"),
        (["--type", "marketplace", "--orders", "5", "--to", "http://127.0.0.1:1"], b"not sent"),
        (["--type", "marketplace", "--orders", "-1", "--out", "x"], b"from 0 to"),
        (["--type", "marketplace", "--orders", "many", "--out", "x"], b"from 0 to"),
        (["--type", "marketplace", "--orders", "0", "--changes", "5"], b"--orders 1 or more"),
        (["--type", "marketplace", "--orders", "5", "--changes", "5", "--format", "parquet"], b"written as SQL"),
        (["--type", "user", "--orders", "5"], b"for --type marketplace"),
        (["--type", "user", "--changes", "5"], b"for --type marketplace"),
        (["--type", "user", "--format", "sql"], b"for --type marketplace"),
        (["--type", "market", "--orders", "5"], b"is not one of"),
    ],
)
def test_wrong_arguments(tmp_path, arguments, message):
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2 and message in done.stderr, done.stderr
    assert done.stdout == b"" and list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("kept")
    done = run("--type", "marketplace", "--orders", 5, "--out", tmp_path / "file")
    assert done.returncode == 1 and b"could not be created" in done.stderr
    assert (tmp_path / "file").read_text() == "kept"


def test_help_names_the_options():
    text = run("--help").stdout.decode()
    for word in ("marketplace", "--orders", "--changes", "sql", "tsv", "orders, offers, sellers and customers"):
        assert word in " ".join(text.split()), word
