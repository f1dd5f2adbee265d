"""`canvasback pull` as its users meet it: the guide, cycles, refusals, crashes, and a server beside it."""

import json
import os
import pathlib
import random
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request

import pytest
import servers
from conftest import BINARY, ROOT, Pulling, get, query, wait_until

GUIDE = ROOT / "docs/pull.md"


def make_orders(server: servers.Server, rows: int, name: str = "orders") -> None:
    server.execute(
        f"DROP TABLE IF EXISTS {name}",
        f"CREATE TABLE {name} (id INT PRIMARY KEY, amount DECIMAL(12,2), created_at DATETIME, updated_at DATETIME(3), "
        "INDEX (updated_at))",
        f"INSERT INTO {name} SELECT n, n / 7, '2025-01-01' + INTERVAL n HOUR, NOW(3) - INTERVAL 1 HOUR FROM ("
        f"SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS n FROM {digits('a')}, {digits('b')}, {digits('c')}, "
        f"{digits('e')}) AS numbers WHERE n < {rows}",
    )


def digits(alias: str) -> str:
    return "(" + " UNION ALL ".join(f"SELECT {digit} AS d" for digit in range(10)) + f") AS {alias}"


def rows_of(server: servers.Server, name: str = "orders") -> list[tuple[object, ...]]:
    connection = server.connect()
    with connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT id, CAST(amount AS CHAR) FROM {name} ORDER BY id")
        return list(cursor.fetchall())


def copy_of(pulling: Pulling, name: str = "orders") -> list[tuple[object, ...]]:
    with pulling.serve() as url:
        return [(row[0], row[1]) for row in query(url, f"SELECT id, CAST(amount AS VARCHAR) FROM {name} ORDER BY id")]


def test_the_guide_line_by_line(pulling: Pulling, tmp_path: pathlib.Path) -> None:
    """Its statements, its file and its commands, with the port of this server."""
    text = GUIDE.read_text()
    sql, = re.findall(r"```sql\n(.*?)```", text, re.S)
    toml = re.search(r"```toml\n# (data/sources/orders.toml)\n(.*?)```", text, re.S)
    commands = [line for block in re.findall(r"```sh\n(.*?)```", text, re.S) for line in block.splitlines()]
    pulling.server.execute("DROP TABLE IF EXISTS orders", *[part for part in sql.split(";") if part.strip()])
    path = tmp_path / toml[1]
    path.parent.mkdir(parents=True)
    path.write_text(toml[2].replace("3306", str(pulling.server.port)))
    environment = os.environ | {"SHOP_PASSWORD": servers.READER_PASSWORD}
    assert len(commands) == 3 and commands[2].startswith("canvasback serve")
    for command in commands[:2]:
        words = command.split()
        assert words[0] == "canvasback"
        done = pulling.run(*words[1:], cwd=tmp_path, env=environment)
    assert "loaded" in done.stdout and "2 rows" in done.stdout
    found = copy_of(Pulling(tmp_path / "data", pulling.server))
    assert found == [(1, "19.90"), (2, "5.00")]
    assert list((tmp_path / "data/tables/orders").glob("*/part-*.parquet"))


def test_changes_of_every_kind(pulling: Pulling) -> None:
    make_orders(pulling.server, 5000)
    pulling.write_source(updated_at="updated_at", partition_by="created_at")
    first = pulling.pull()
    assert (first["result"], first["rows"]) == ("loaded", 5000)
    pulling.server.execute(
        "UPDATE orders SET amount = 1.25, updated_at = NOW(3) WHERE id < 10",
        "UPDATE orders SET created_at = '2030-05-05', updated_at = NOW(3) WHERE id = 20",
        "DELETE FROM orders WHERE id BETWEEN 100 AND 199",
        "INSERT INTO orders VALUES (90000, 5.00, NOW(), NOW(3)), (90001, NULL, NULL, NULL)",
        "UPDATE orders SET amount = 77 WHERE id = 3000",
    )
    report = pulling.pull()
    assert report["result"] == "pulled" and report["deleted"] == 100
    assert copy_of(pulling) == rows_of(pulling.server)
    again = pulling.pull("--force")
    assert (again["inserted"], again["updated"], again["deleted"], again["files_written"]) == (0, 0, 0, 0)


def test_nothing_is_read_where_nothing_changed(pulling: Pulling) -> None:
    make_orders(pulling.server, 100)
    pulling.write_source(updated_at="updated_at")
    pulling.pull()
    time.sleep(3)  # a time of update has whole seconds
    pulling.pull()
    report = pulling.pull()
    assert report["result"] == "unchanged"
    assert [tier["name"] for tier in report["tiers"]] == ["gate"]


def test_many_deletes_stop_the_cycle(pulling: Pulling) -> None:
    make_orders(pulling.server, 5000)
    pulling.write_source(updated_at="updated_at")
    pulling.pull()
    pulling.server.execute("DELETE FROM orders WHERE id >= 2000")
    refused = pulling.pull(check=False)
    assert refused["result"] == "failed" and "3000 rows are gone" in refused["error"]["message"]
    assert len(copy_of(pulling)) == 5000
    assert pulling.pull("--any-deletes")["deleted"] == 3000
    assert copy_of(pulling) == rows_of(pulling.server)


def test_other_columns_wait_for_the_owner(pulling: Pulling) -> None:
    make_orders(pulling.server, 50)
    pulling.write_source(updated_at="updated_at")
    pulling.pull()
    pulling.server.execute("ALTER TABLE orders ADD COLUMN note VARCHAR(10) DEFAULT 'x'")
    assert pulling.pull()["result"] == "loaded"  # a new column is taken over
    pulling.server.execute("ALTER TABLE orders DROP COLUMN note")
    refused = pulling.pull(check=False)
    assert refused["result"] == "failed" and '"note"' in refused["error"]["message"]
    assert pulling.pull("--accept-schema")["result"] == "loaded"
    assert copy_of(pulling) == rows_of(pulling.server)


def test_a_dry_run_and_a_check_write_nothing(pulling: Pulling) -> None:
    make_orders(pulling.server, 50)
    pulling.write_source(updated_at="updated_at")
    checked = pulling.run("pull", "orders", "--data", str(pulling.data), "--check", "--json")
    document = json.loads(checked.stdout)
    assert document["primary_key"] == ["id"]
    assert {"name": "amount", "declared": "decimal(12,2)", "type": "DECIMAL(12,2)"} in document["columns"]
    assert not (pulling.data / "tables").exists()
    pulling.pull()
    pulling.server.execute("UPDATE orders SET amount = 3, updated_at = NOW(3) WHERE id = 3")
    state = (pulling.data / "tables/orders/table.json").read_bytes()
    dry = pulling.pull("--dry-run", "--force")
    assert dry["updated"] == 1
    assert (pulling.data / "tables/orders/table.json").read_bytes() == state
    assert not list((pulling.data / "tables/orders").glob("*/.writing-*"))


def test_what_was_changed_long_ago_is_found_while_nothing_changes(pulling: Pulling) -> None:
    """The gate is shut: the sweep and the counts go on until they have been through the table, and no further."""
    make_orders(pulling.server, 5000)
    pulling.write_source(updated_at="updated_at", sweep_rows=1000, look_back="1h")
    pulling.pull()
    pulling.server.execute("UPDATE orders SET amount = 77 WHERE id = 4500")  # the time of change stays as it was
    assert copy_of(pulling) != rows_of(pulling.server)
    time.sleep(3)  # a time of update has whole seconds
    tiers = []
    for _ in range(10):
        report = pulling.pull()
        tiers.append([tier["name"] for tier in report["tiers"]])
    assert copy_of(pulling) == rows_of(pulling.server)
    assert ["gate", "sweep", "deletes"] in tiers and tiers[-1] == ["gate"], tiers
    assert report["result"] == "unchanged"


def test_a_backup_has_tables(pulling: Pulling, tmp_path: pathlib.Path) -> None:
    make_orders(pulling.server, 500)
    pulling.write_source(updated_at="updated_at", partition_by="created_at")
    pulling.pull()
    pulling.server.execute("UPDATE orders SET amount = 8, updated_at = NOW(3) WHERE id < 10")
    pulling.pull()
    pulling.run("backup", "--data", str(pulling.data), "--to", str(tmp_path / "copy"))
    assert not (tmp_path / "copy/sources/password").exists()
    copy = Pulling(tmp_path / "copy", pulling.server)
    assert copy_of(copy) == rows_of(pulling.server)
    (tmp_path / "copy/sources/password").write_text(servers.READER_PASSWORD)
    pulling.server.execute("DELETE FROM orders WHERE id = 77")
    assert copy.pull()["deleted"] == 1
    with pulling.serve() as url, urllib.request.urlopen(url + "/api/v1/backup", timeout=60) as answer:
        packed = answer.read()
    assert b"tables/orders/table.json" in packed and b"PAR1" in packed


@pytest.mark.parametrize("suffix", ["parquet", "keys"])
def test_damage_is_found(pulling: Pulling, tmp_path: pathlib.Path, suffix: str) -> None:
    make_orders(pulling.server, 3000)
    pulling.write_source(updated_at="updated_at")
    pulling.pull()
    part = next(iter((pulling.data / "tables/orders").glob(f"*/part-*.{suffix}")))
    damaged = bytearray(part.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    part.write_bytes(damaged)
    with pulling.serve() as url:
        wait_until(lambda: get(url + "/api/v1/sources")["sources"] != [], 60)
        wait_until(lambda: "table_error" in get(url + "/api/v1/sources/orders"), 60)
        assert part.name in get(url + "/api/v1/sources/orders")["table_error"]["message"]
        assert get(url + "/health")["status"] == "degraded"
    refused = pulling.run("backup", "--data", str(pulling.data), "--to", str(tmp_path / "copy"), check=False)
    assert refused.returncode != 0 and part.name in refused.stderr


@pytest.mark.parametrize("wrong", [
    {"password_file": None},
    {"table": "nothing_like_it"},
    {"updated_at": "amount"},
    {"updated_at": "updated"},
    {"partition_every": "decade"},
    {"look_back": "soon"},
    {"tabel": "orders"},
    {"url": "postgres://x@y/z"},
    {"url": "mysql://reader@127.0.0.1:1/shop"},
])  # fmt: skip
def test_mistakes_are_told(pulling: Pulling, wrong: dict[str, object]) -> None:
    make_orders(pulling.server, 3)
    pulling.write_source(**wrong)
    done = pulling.run("pull", "--data", str(pulling.data), check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr and len(done.stderr.strip().splitlines()[-1]) > 20
    assert not list(pulling.data.glob("tables/*/*/part-*"))


def test_killed_at_any_moment(pulling: Pulling) -> None:
    """The copy is always one that a pull has committed, and the next pull is right."""
    make_orders(pulling.server, 9000)
    pulling.write_source(updated_at="updated_at", partition_by="created_at", partition_every="week")
    rng = random.Random(3)
    command = [BINARY, "pull", "orders", "--data", str(pulling.data)]
    for round_number in range(15):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.random() * 0.6)
        process.send_signal(signal.SIGKILL)
        process.wait()
        low = rng.randrange(9000)
        pulling.server.execute(
            f"UPDATE orders SET amount = {round_number}, updated_at = NOW(3) WHERE id BETWEEN {low} AND {low + 300}",
            f"DELETE FROM orders WHERE id = {low}",
        )
    pulling.pull("--force")
    assert copy_of(pulling) == rows_of(pulling.server)
    folder = pulling.data / "tables/orders"
    state = json.loads((folder / "table.json").read_text())
    named = {f"{part['period']}/part-{part['number']:06}.parquet" for part in state["parts"]}
    named |= {gone["path"] for gone in state["gone"]}
    assert {str(path.relative_to(folder)) for path in folder.glob("*/*.parquet")} == named


def test_a_server_pulls_and_sees_the_pulls_of_others(pulling: Pulling) -> None:
    make_orders(pulling.server, 300)
    pulling.write_source(updated_at="updated_at", every="1s")
    with pulling.serve() as url:
        wait_until(lambda: (get(url + "/api/v1/sources")["sources"] or [{}])[0].get("rows") == 300)
        assert query(url, "SELECT count(*) FROM orders") == [[300]]
        pulling.server.execute("DELETE FROM orders WHERE id = 7")
        wait_until(lambda: query(url, "SELECT count(*) FROM orders") == [[299]])
        post(url + "/api/v1/sources/orders/pause")
        assert get(url + "/api/v1/sources/orders")["state"] == "paused"
        wait_until(lambda: get(url + "/api/v1/sources/orders")["state"] == "paused")
        pulling.server.execute("DELETE FROM orders WHERE id = 8")
        pulling.pull("--force")  # another process, on the same folder
        wait_until(lambda: query(url, "SELECT count(*) FROM orders") == [[298]])
        with urllib.request.urlopen(url + "/metrics", timeout=30) as answer:
            assert 'canvasback_pulled_rows{source="orders"} 298' in answer.read().decode()
        reports = get(url + "/api/v1/sources/orders/reports")["reports"]
        assert {report["trigger"] for report in reports} >= {"schedule", "command"}
        with pytest.raises(urllib.error.HTTPError) as refused:
            post(url + "/api/v1/sources/nothing/run")
        assert refused.value.code == 404


def post(url: str) -> None:
    urllib.request.urlopen(urllib.request.Request(url, b"", method="POST"), timeout=30).close()


def test_a_failure_is_told_once_and_so_is_its_end(pulling: Pulling, tmp_path: pathlib.Path) -> None:
    make_orders(pulling.server, 10)
    pulling.write_source(updated_at="updated_at", every="1s")
    with (pulling.data / "sources/orders.toml").open("a") as file:
        told = tmp_path / "told"
        file.write(f'[alerts]\ncommand = ["sh", "-c", "cat >> {told}"]\n')
    with pulling.serve() as url:
        wait_until(lambda: (get(url + "/api/v1/sources")["sources"] or [{}])[0].get("rows") == 10)
        pulling.server.execute("RENAME TABLE orders TO elsewhere")
        wait_until(told.exists)
        pulling.server.execute("RENAME TABLE elsewhere TO orders")
        wait_until(lambda: len(told.read_text().splitlines()) == 2, 40)
    kinds = [json.loads(line)["kind"] for line in told.read_text().splitlines()]
    assert kinds == ["failing", "recovered"]
