"""Rollups of dashboards: the same numbers as from rows, made when they are due, gone when the dataset is another."""

import json
import os
import random
import time

import duckdb
import pytest
import yaml
from publishing import generate
from serving import FLIGHTS
from test_dashboards import BUILT_IN, TABLES, ask, random_state, tables  # noqa: F401, a fixture

STATES = int(os.environ.get("CANVASBACK_ROLLUP_STATES", "2"))  # of each dashboard
ORDERS = 150_000  # of fewer, groups by day would be nearly as many
ZONE = "Europe/Berlin"


def figures(server):
    lines = server.get("/metrics").body.decode().splitlines()
    values = (line.split() for line in lines if line.startswith("canvasback_rollup"))
    return {name.removeprefix("canvasback_"): float(value) for name, value in values}


def wait_for(server, made, request):
    """Until so many rollups were made since the start; asks again, since one is made at a time."""
    end = time.monotonic() + 60
    while (now := figures(server))["rollups_made_total"] < made:
        assert now["rollups_failed_total"] == 0 and time.monotonic() < end, (now, server.tail())
        request()
        time.sleep(0.1)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    generate(folder, ORDERS)
    duckdb.execute(f"COPY (FROM '{FLIGHTS}' LIMIT {ORDERS}) TO '{folder}/flights.parquet'")
    return {name: folder / f"{name}.parquet" for name in (*TABLES, "flights")}


@pytest.fixture(scope="module")
def with_rollups(serve_module, shop):
    paths = (f"{name}={path}" for name, path in shop.items())
    return serve_module(*paths, environment={"CANVASBACK_ROLLUP_ROWS_MIN": "0"})


@pytest.fixture(scope="module")
def without(serve_module, shop):
    paths = (f"{name}={path}" for name, path in shop.items())
    return serve_module(*paths, environment={"CANVASBACK_ROLLUP_BYTES_MAX": "0"})


def close(one, other):
    """Equal, or sums of floating-point numbers in another order."""
    if isinstance(one, float) and isinstance(other, float):
        return one == other or abs(one - other) <= 1e-12 * max(abs(one), abs(other))
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(close, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)
    return one == other


@pytest.mark.parametrize("path", BUILT_IN, ids=[path.stem for path in BUILT_IN])
def test_tiles_are_the_same_as_from_rows(with_rollups, without, tables, path):  # noqa: F811
    document = yaml.safe_load(path.read_text())
    models = document["metrics"] if isinstance(document["metrics"], list) else [document["metrics"]]
    rng = random.Random(path.stem + os.environ.get("CANVASBACK_SEED", ""))
    before = figures(with_rollups)["rollups_made_total"]
    days = iter(range(1, 10**6))

    def ask_anew():
        ask(with_rollups, dashboard=path.stem, timezone=ZONE, period={"from": f"{next(days):04d}-01-01"})

    wait_for(with_rollups, before + len(models), ask_anew)
    used = 0
    for number in range(STATES):
        state = random_state(rng, document, tables) if number else {"period": "all", "filters": {}}
        state["timezone"] = ZONE
        wanted = ask(without, dashboard=path.stem, **json.loads(json.dumps(state)))
        answers = ask(with_rollups, dashboard=path.stem, **json.loads(json.dumps(state)))
        assert [head["period"] for head in answers["models"]] == [head["period"] for head in wanted["models"]]
        for tile, one, other in zip(document["tiles"], answers["tiles"], wanted["tiles"]):
            if tile["type"] == "text":
                continue
            used += one["answer"].pop("rollup", False)
            assert "rollup" not in other["answer"]
            assert close(one["answer"], other["answer"]), (state, tile)
    assert used > 0, "no tile was made of a rollup"


def sums(server, **choices):
    metrics = {"source": "t", "time": "day", "timezone": "UTC", "dimensions": ["k"],
               "measures": [{"name": "sum", "agg": "sum", "of": "v"}, {"name": "kinds", "agg": "distinct", "of": "v"}]}
    tiles = [{"type": "table", "measure": "sum", "by": "k"}, {"type": "card", "measure": "kinds"}]
    answers = ask(server, document={"title": "x", "metrics": metrics, "tiles": tiles}, period="all", **choices)
    return [tile["answer"] for tile in answers["tiles"]]


def write(path, factor):
    beside = path.with_suffix(".new")
    duckdb.execute(f"""COPY (SELECT DATE '2024-01-01' + CAST(i % 50 AS INTEGER) AS day, i % 3 AS k, i * {factor} AS v
        FROM range(20000) r(i)) TO '{beside}' (FORMAT parquet)""")
    beside.rename(path)


def test_rollups_are_of_the_dataset_as_it_is(serve, tmp_path):
    path = tmp_path / "t.parquet"
    write(path, 1)
    server = serve(f"t={path}", environment={"CANVASBACK_ROLLUP_ROWS_MIN": "20000"})
    first, kinds = sums(server)
    assert "rollup" not in first, "made behind the answer"
    wait_for(server, 1, lambda: None)
    assert figures(server)["rollup_sets"] == 1 and figures(server)["rollup_bytes"] > 0
    kept = list((server.folder / "data/cache").glob("*.parquet"))
    assert kept
    narrow, kinds = sums(server, filters={"k": [0, 1]})
    assert narrow["rollup"] and "rollup" not in kinds and kinds["rows"] == [[13334]]
    assert narrow["rows"] == [row for row in first["rows"] if row[0] != 2]
    write(path, 2)
    twice, _ = sums(server, filters={"k": [0, 1]})
    assert twice["rows"] == [[key, str(int(value) * 2)] for key, value in narrow["rows"]]
    wait_for(server, 2, lambda: sums(server, filters={"k": [time.monotonic_ns() % 1000]}))
    again, _ = sums(server, filters={"k": [1]})
    assert again["rollup"] and again["rows"] == [row for row in twice["rows"] if row[0] == 1]
    assert not any(file.exists() for file in kept), "those of the file before are gone"
    server.stop()
    assert not list((server.folder / "data/cache").glob("*.parquet"))


def test_a_rollup_that_is_gone_is_gone_without(serve, tmp_path):
    path = tmp_path / "t.parquet"
    write(path, 1)
    server = serve(f"t={path}", environment={"CANVASBACK_ROLLUP_ROWS_MIN": "1"})
    whole, _ = sums(server)
    wait_for(server, 1, lambda: None)
    for file in (server.folder / "data/cache").glob("*.parquet"):
        file.write_bytes(b"PAR1 nonsense PAR1")
    one, _ = sums(server, filters={"k": [1]})
    assert "rollup" not in one and one["rows"] == [row for row in whole["rows"] if row[0] == 1]
    for file in (server.folder / "data/cache").glob("*.parquet"):
        file.unlink()
    two, _ = sums(server, filters={"k": [2]})
    assert "rollup" not in two and two["rows"] == [row for row in whole["rows"] if row[0] == 2]


def test_small_datasets_and_no_room_have_none(serve, tmp_path):
    path = tmp_path / "t.parquet"
    write(path, 1)
    for settings in ({"ROWS_MIN": 20001}, {"ROWS_MIN": 0, "BYTES_MAX": 0}, {"ROWS_MIN": 0, "BYTES_MAX": 100}):
        environment = {f"CANVASBACK_ROLLUP_{name}": str(value) for name, value in settings.items()}
        server = serve(f"t={path}", environment=environment)
        sums(server)
        time.sleep(1)
        assert "rollup" not in sums(server, filters={"k": [1]})[0]
        assert not list((server.folder / "data/cache").glob("*.parquet"))
        server.stop()
