"""`canvasback publish`: what a site's files say against plain SQL on the source; what is published again and what is
not; generations; private columns; folders that are not its own; publishes that are killed."""

import decimal
import json
import math
import os
import random
import shutil
import signal
import subprocess
import time

import duckdb
import pytest
import yaml
from dashboard_oracle import Oracle, plain, same
from publishing import BUILT_IN, generate, publish, sources
from serving import BINARY, PATIENCE
from site_reader import Site, distinct_estimate, groups, measure, quantile_estimate, sketch_groups

ORDERS = int(os.environ.get("CANVASBACK_DASHBOARD_ORDERS", "8000"))


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return generate(tmp_path_factory.mktemp("shop"), ORDERS)


@pytest.fixture(scope="module")
def tables(shop):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for name, path in shop.items():
        connection.execute(f"CREATE TABLE {name} AS FROM '{path}'")
    yield connection
    connection.close()


ORDERS_BOARD = """
title: Orders
description: What is sold.
metrics:
  source: orders
  time: created_at
  timezone: ZONE
  dimensions: [country, {name: category, top: 20}, status, {name: weekday, part: weekday}, seller_id]
  measures:
    - {name: revenue, agg: sum, of: amount, scale: 2}
    - {name: orders, agg: count}
    - {name: refunds, agg: count, where: {status: [refunded, returned]}}
    - {name: average, agg: average, of: amount}
    - {name: rate, agg: ratio, of: [refunds, orders]}
    - {name: dearest, agg: max, of: amount}
    - {name: first, agg: min, of: created_at}
    - {name: buyers, agg: distinct, of: customer_id}
    - {name: median, agg: quantile, of: amount}
period: last_90_days
compare: previous_period
filters: [country, category]
tiles:
  - {type: card, measure: revenue}
  - {type: card, measure: buyers}
  - {type: card, measure: median}
  - {type: line, measure: revenue, by: country, grain: day}
  - {type: table, measures: [revenue, orders, rate, average, dearest, first, buyers], by: category}
  - {type: bar, measure: orders, by: weekday}
  - {type: card, measure: orders, where: {status: [paid, shipped]}}
"""
LEAVES = ["revenue", "orders", "refunds", "average", "rate", "dearest", "first"]


@pytest.fixture(scope="module", params=["Europe/Berlin", "America/Los_Angeles"])
def board(request, shop, tmp_path_factory):
    folder = tmp_path_factory.mktemp("board")
    text = ORDERS_BOARD.replace("ZONE", request.param)
    (folder / "orders.yaml").write_text(text)
    publish(folder / "orders.yaml", *sources(shop), folder=folder / "site")
    return Site(folder / "site"), yaml.safe_load(text)


def text_of(value):
    """A dimension's value as a rollup has it."""
    value = plain(value)
    return value if value is None or isinstance(value, str) else str(value)


def test_every_rollup_equals_sql(board, tables):
    site, document = board
    model = site.page("orders")["models"][0]
    oracle = Oracle(tables, document["metrics"], document["metrics"]["timezone"])
    seen = set()
    for rollup in model["rollups"]:
        if rollup["kind"] != "leaves":
            continue
        seen.add((rollup["grain"], *rollup["dimensions"]))
        grain = rollup["grain"]
        keys = [oracle.bucket("created_at", grain)] if grain != "none" else []
        keys += [oracle.value(name) for name in rollup["dimensions"]]
        period = {"from": rollup["from"], "to": rollup["to"]}
        wanted = oracle.groups(keys, LEAVES, period, [])
        names = (["t"] if grain != "none" else []) + rollup["dimensions"]
        got = groups(site, model, rollup, names)
        assert set(got) == {tuple(map(text_of, key)) for key in wanted}, rollup["dimensions"]
        for key, numbers in wanted.items():
            leaves = got[tuple(map(text_of, key))]
            for name, number in zip(LEAVES, numbers):
                assert same(measure(model, name, leaves), number), (rollup["dimensions"], key, name)
    assert {("day",), ("day", "country"), ("day", "category"), ("day", "country", "category")} <= seen


def test_rollups_are_sorted_and_small_ones_have_one_group(board):
    site, _ = board
    for rollup in site.page("orders")["models"][0]["rollups"]:
        if rollup["order"]:
            continue
        table = site.table(rollup)
        keys = [table.column(name).to_pylist() for name in table.column_names if name[0] in "td"]
        rows = [tuple((value is None, value) for value in row) for row in zip(*keys)]
        if rollup["dimensions"] != ["weekday"]:  # texts of numbers are in the numbers' order
            assert rows == sorted(rows, key=lambda row: [(n, "" if v is None else v) for n, v in row])
        assert len(rollup["row_groups"]) == math.ceil(rollup["rows"] / 65536)


def test_filters_and_periods_from_rollups(board, tables):
    site, document = board
    model = site.page("orders")["models"][0]
    oracle = Oracle(tables, document["metrics"], document["metrics"]["timezone"])
    pairs = [one for one in model["rollups"] if one["dimensions"] == ["country", "category"]]
    rollup = next(one for one in pairs if one["kind"] == "leaves" and one["grain"] == "day")
    rng = random.Random(1)
    countries = [row[0] for row in tables.execute("SELECT DISTINCT country FROM orders ORDER BY 1").fetchall()]
    for _ in range(20):
        start = rng.randrange(300)
        period = {"from": f"2025-{1 + start // 30:02d}-{1 + start % 28:02d}", "to": "2025-12-15"}
        some = rng.sample(countries, 3)
        wanted = oracle.groups([oracle.value("category")], LEAVES, period, [("country", some)])
        got = groups(site, model, rollup, ["category"], (period["from"], period["to"]), {"country": some})
        assert set(got) == set(wanted)
        for key, numbers in wanted.items():
            for name, number in zip(LEAVES, numbers):
                assert same(measure(model, name, got[key]), number), (key, name)


def test_sketches_are_within_their_errors(board, tables):
    site, document = board
    model = site.page("orders")["models"][0]
    oracle = Oracle(tables, document["metrics"], document["metrics"]["timezone"])
    checked = 0
    for rollup in model["rollups"]:
        if rollup["kind"] == "leaves":
            continue
        made = model["measures"][rollup["sketch"]]
        assert made["exact"] is False and made["make"] == rollup["kind"]
        for keys in ([], rollup["dimensions"]):
            wanted = oracle.groups([oracle.value(name) for name in keys], [rollup["sketch"]],
                                   {"from": rollup["from"], "to": rollup["to"]}, [])  # fmt: skip
            got = sketch_groups(site, rollup, keys)
            for key, (number,) in wanted.items():
                found = got.get(tuple(map(text_of, key)))
                if number is None or found is None:
                    assert not number and not found
                    continue
                checked += 1
                if rollup["kind"] == "distinct":
                    # Four standard errors; and of very few a hash may be another's.
                    assert abs(distinct_estimate(found) - number) <= max(4 * made["error"] * number, 1.5), key
                else:
                    value = quantile_estimate(found, made["q"])
                    assert abs(value - float(number)) <= made["error"] * 1.001 * float(number), key
    assert checked > 100


def test_default_answers_are_the_servers(board, shop, serve_module):
    site, document = board
    page = site.page("orders")
    answers = site.answers(page, "last_90_days")
    server = serve_module(*sources(shop))
    live = server.ask("POST", "/api/v1/dashboards/query", {"document": document}).json()
    assert answers["models"] == live["models"]
    assert [tile["answer"] for tile in answers["tiles"]] == [tile["answer"] for tile in live["tiles"]]
    assert page["models"][0]["newest"] == live["models"][0]["newest"]
    html = (site.folder / "index.html").read_text()
    inlined = html.split('<script type="application/json" id="site">')[1].split("</script>")[0]
    assert json.loads(inlined) == {"index": site.index, "page": page, "answers": answers}


# 0.29 + 1.15 - 0.01 + 90071992547409.93; buyers of two days; an average of unequal orders; a day of Los Angeles.
def test_held_values(tmp_path):
    path = tmp_path / "held.parquet"
    rows = [("2024-03-11T06:30", "0.29", 1), ("2024-03-11T20:00", "1.15", 2), ("2024-03-11T21:00", "-0.01", 3),
            ("2024-03-12T20:00", "90071992547409.93", 2), ("2024-03-12T20:00", "100.00", 3),
            *[("2024-03-12T21:00", "10.00", 4)] * 3]  # fmt: skip
    values = ", ".join(f"(TIMESTAMP '{at}', CAST({amount} AS DECIMAL(18,2)), {buyer})" for at, amount, buyer in rows)
    duckdb.execute(f"COPY (SELECT * FROM (VALUES {values}) AS t(moment, amount, buyer)) TO '{path}'")
    (tmp_path / "held.yaml").write_text("""
title: Held
metrics:
  source: held
  time: moment
  timezone: America/Los_Angeles
  dimensions: [buyer]
  measures:
    - {name: total, agg: sum, of: amount, scale: 2}
    - {name: buyers, agg: distinct, of: buyer}
    - {name: average, agg: average, of: amount}
period: all
tiles: [{type: card, measure: total}, {type: card, measure: buyers}, {type: table, measure: average, by: buyer}]
""")
    publish(tmp_path / "held.yaml", f"held={path}", folder=tmp_path / "site")
    site = Site(tmp_path / "site")
    page = site.page("held")
    model = page["models"][0]
    totals = next(one for one in model["rollups"] if one["kind"] == "leaves" and not one["dimensions"])
    by_day = groups(site, model, totals, ["t"])
    assert sorted(by_day) == [("2024-03-10",), ("2024-03-11",), ("2024-03-12",)], "06:30Z is the day before there"
    assert measure(model, "total", groups(site, model, totals, [])[()]) == decimal.Decimal("90071992547541.36")
    held = [measure(model, "total", by_day[(day,)]) for day in ("2024-03-10", "2024-03-11")]
    assert held == [decimal.Decimal("0.29"), decimal.Decimal("1.14")]
    whole = decimal.Decimal("90071992547541.36") - decimal.Decimal("130.00")
    assert whole == decimal.Decimal("90071992547411.36")
    sketch = next(one for one in model["rollups"] if one["kind"] == "distinct" and not one["dimensions"])
    days = sketch_groups(site, sketch, ["t"])
    assert [distinct_estimate(days[(day,)]) for day in ("2024-03-11", "2024-03-12")] == [2, 3]
    assert distinct_estimate(sketch_groups(site, sketch, [])[()]) == 4, "distinct values never add up"
    by_buyer = next(one for one in model["rollups"] if one["dimensions"] == ["buyer"] and one["kind"] == "leaves")
    late = groups(site, model, by_buyer, [], ("2024-03-12", None), {"buyer": ["3", "4"]})
    assert measure(model, "average", late[()]) == 32.5, "one of 100.00 and three of 10.00"
    answers = site.answers(page, "all")["tiles"]
    assert answers[0]["answer"]["rows"] == [["90071992547541.36"]]
    assert answers[1]["answer"]["rows"] == [[4]]


def test_values_of_every_type_and_sums_beyond_64_bits(tmp_path):
    path = tmp_path / "wide.parquet"
    duckdb.execute(f"""COPY (SELECT * FROM (VALUES
      (DATE '2024-01-01', 'a', true, 9223372036854775807::BIGINT, 99999999999999999999.99::DECIMAL(38,2), 0.1::DOUBLE),
      (DATE '2024-01-01', 'a', true, 9223372036854775807, -0.05, 0.2), (DATE '2024-01-02', NULL, NULL, 5, NULL, NULL),
      (DATE '2024-01-02', '', false, -3, 1.00, 1e300)) AS t(moment, text, flag, big, money, real)) TO '{path}'""")
    (tmp_path / "wide.yaml").write_text("""
title: Wide
metrics:
  source: wide
  time: moment
  dimensions: [text, flag, big, moment, {name: month, grain: month}, {name: bin, column: real, bins: [0, 0.15, 1]}]
  measures:
    - {name: big, agg: sum, of: big}
    - {name: money, agg: sum, of: money, scale: 2}
    - {name: real, agg: sum, of: real}
    - {name: real_scaled, agg: sum, of: real, where: {text: a}, scale: 3}
    - {name: low, agg: min, of: text}
    - {name: high, agg: max, of: moment}
    - {name: lowest, agg: min, of: money}
period: all
tiles:
  - {type: card, measure: big}
  - {type: table, measures: [big, money, real, real_scaled, low, high, lowest], by: text}
  - {type: table, measure: big, by: flag}
""".replace("{name: big, agg: sum", "{name: bigs, agg: sum").replace("measure: big", "measure: bigs")
                                        .replace("[big, money", "[bigs, money"))
    publish(tmp_path / "wide.yaml", f"wide={path}", folder=tmp_path / "site")
    site = Site(tmp_path / "site")
    model = site.page("wide")["models"][0]
    rollup = next(one for one in model["rollups"] if one["dimensions"] == ["text"])
    got = groups(site, model, rollup, ["text"])
    assert set(got) == {("a",), ("",), (None,)}
    a = got[("a",)]
    assert measure(model, "bigs", a) == 2 * 9223372036854775807
    assert measure(model, "money", a) == decimal.Decimal("99999999999999999999.94")
    assert measure(model, "lowest", a) == decimal.Decimal("-0.05")
    assert measure(model, "real_scaled", a) == decimal.Decimal("0.300")
    assert (measure(model, "low", a), measure(model, "high", a)) == ("a", "2024-01-01")
    none = got[(None,)]
    assert measure(model, "money", none) is None and measure(model, "low", none) is None
    assert model["measures"]["real"]["exact"] is False and model["measures"]["money"]["exact"] is True
    values = {name: set() for name in ("flag", "big", "moment", "month", "bin")}
    for rollup in model["rollups"]:
        for i, name in enumerate(rollup["dimensions"]):
            values.get(name, set()).update(site.table(rollup).column(f"d{i}").to_pylist())
    assert values["flag"] == {"true", "false", None}
    assert values["big"] == {"9223372036854775807", "5", "-3"}
    assert values["moment"] == {"2024-01-01", "2024-01-02"}
    assert values["month"] == {"2024-01-01"}
    assert {float(value) for value in values["bin"] if value} == {0.0, 0.15}


@pytest.fixture(scope="module")
def all_boards(shop, tmp_path_factory):
    folder = tmp_path_factory.mktemp("all") / "site"
    out = publish(*BUILT_IN, *sources(shop), folder=folder, title="Marketplace")
    return folder, out


def test_all_dashboards_of_the_marketplace(all_boards):
    folder, out = all_boards
    site = Site(folder)
    assert site.index["title"] == "Marketplace" and site.index["generation"] == 1
    assert [one["name"] for one in site.index["dashboards"]] == BUILT_IN
    files = {f"data/{name}" for name in site.data_files()}
    assert site.named_files() == files, "all that is there is named, all that is named is there"
    for name in BUILT_IN:
        page = site.page(name)
        for tile, shown in zip(site.answers(page, page["answers"][0]["period"])["tiles"], page["document"]["tiles"]):
            assert "error" not in tile, (name, tile)
            assert ("answer" in tile) == (shown["type"] != "text")
        text = json.dumps(page)
        assert "SELECT" not in text and '"sql"' not in text and '"source"' not in text
    assert "data files written" in out


def test_details_find_a_value_and_a_page(all_boards, tables):
    site = Site(all_boards[0])
    model = next(one for one in site.page("marketplace_offers")["models"] if one["name"] == "sales")
    if model["dimensions"]["offer_id"]["values"] <= 5000:
        pytest.skip("too few offers sold for details")
    details = [one for one in model["rollups"] if one["dimensions"] == ["offer_id"] and one["grain"] == "none"]
    assert {one["order"] for one in details} == {"value", "-gmv"}
    wanted = dict(tables.execute("SELECT CAST(offer_id AS VARCHAR), sum(amount) FROM orders GROUP BY 1").fetchall())
    for rollup in details:
        got = groups(site, model, rollup, ["offer_id"])
        assert {key[0]: measure(model, "gmv", leaves) for key, leaves in got.items()} == wanted
        table = site.table(rollup)
        values = [None if value is None else int(value) for value in table.column("d0").to_pylist()]
        if rollup["order"] == "value":
            assert values == sorted(values)
            at = 0
            for group in rollup["row_groups"]:
                assert (str(values[at]), str(values[at + group["rows"] - 1])) == (group["first"], group["last"])
                at += group["rows"]
        else:
            by_measure = sorted(values, key=lambda value: (-wanted[str(value)], value))
            assert values == by_measure


def test_an_unchanged_site_is_not_written_again(shop, tmp_path):
    folder = tmp_path / "site"
    publish("marketplace_overview", "marketplace_sellers", *sources(shop), folder=folder)
    site = Site(folder)
    before, index = site.data_files(), (folder / "index.json").read_text()
    out = publish("marketplace_overview", "marketplace_sellers", *sources(shop), folder=folder)
    assert "0 data files written" in out
    assert Site(folder).data_files() == before and (folder / "index.json").read_text() == index

    # Files of another time and the same rows: everything is made anew, and is the same to the byte.
    moved = tmp_path / "moved"
    moved.mkdir()
    for name, path in shop.items():
        shutil.copy(path, moved / f"{name}.parquet")
    again = sources({name: moved / f"{name}.parquet" for name in shop})
    out = publish("marketplace_overview", "marketplace_sellers", *again, folder=folder)
    assert "0 data files written" in out
    assert Site(folder).data_files() == before and (folder / "index.json").read_text() == index


def test_changed_orders_republish_what_they_change(shop, tables, tmp_path):
    folder = tmp_path / "site"
    boards = ["marketplace_overview", "marketplace_offers"]
    publish(*boards, *sources(shop), folder=folder)
    first = Site(folder)
    files, named = first.data_files(), first.named_files()
    changed = tmp_path / "orders.parquet"
    newest = tables.execute("SELECT max(created_at) FROM orders").fetchone()[0]
    tables.execute(f"""COPY (SELECT * REPLACE (CASE WHEN created_at > TIMESTAMP '{newest}' - INTERVAL 1 DAY
      THEN amount + 1 ELSE amount END AS amount) FROM orders) TO '{changed}'""")
    publish(*boards, *sources({**shop, "orders": changed}), folder=folder)
    second = Site(folder)
    assert second.index["generation"] == 2
    kept = second.named_files() & named
    offers = next(one for one in first.page("marketplace_offers")["models"] if one["name"] == "offers")
    assert {one["file"] for one in offers["rollups"]} <= kept, "what is of offers alone stays"
    for name, modified in second.data_files().items():
        if f"data/{name}" in kept:
            assert modified == files[name], "what is the same is not written again"
    # Both generations are there, then the older one goes.
    assert named <= {f"data/{name}" for name in second.data_files()}
    assert set(second.index["previous"]) == named - second.named_files()
    publish(*boards, *sources(shop), folder=folder)
    third = Site(folder)
    assert third.named_files() == named
    publish("marketplace_overview", *sources(shop), folder=folder)
    fourth = Site(folder)
    assert {f"data/{name}" for name in fourth.data_files()} == fourth.named_files() | set(fourth.index["previous"])
    assert set(fourth.index["previous"]) == named - fourth.named_files()


PRIVATE = """
title: People
metrics:
  source: orders
  time: created_at
  private: [customer_id, status]
  dimensions: [country, status, {name: buyer, column: customer_id}, {name: code, expression: "upper(status)"}]
  measures:
    - {name: orders, agg: count}
    - {name: paid, agg: count, where: {status: paid}}
    - {name: buyers, agg: distinct, of: customer_id}
    - {name: paid_share, agg: ratio, of: [paid, orders]}
filters: [country, status]
period: all
tiles:
  - {type: table, measure: orders, by: country}
  - {type: table, title: By status, measure: orders, by: status}
  - {type: card, measure: paid_share}
  - {type: card, measure: buyers}
  - {type: table, measure: orders, by: code}
  - {type: card, measure: orders, where: {status: paid}}
"""


def test_private_columns_never_leave(shop, tables, tmp_path):
    (tmp_path / "people.yaml").write_text(PRIVATE)
    listed = publish(tmp_path / "people.yaml", *sources(shop), "--dry-run")
    assert "country" in listed and "created_at" in listed and "customer_id" not in listed and "status" not in listed
    assert not (tmp_path / "site").exists()
    out = publish(tmp_path / "people.yaml", *sources(shop), folder=tmp_path / "site")
    assert "private: By status: " in out
    site = Site(tmp_path / "site")
    page = site.page("people")
    assert [tile["type"] for tile in page["document"]["tiles"]] == ["table"] + ["text"] * 5
    assert list(page["models"][0]["dimensions"]) == ["country"]
    assert list(page["models"][0]["measures"]) == ["orders"]
    words = [row[0] for row in tables.execute("SELECT DISTINCT status FROM orders").fetchall()]
    for path in (tmp_path / "site").rglob("*"):
        if path.is_dir() or path.name in ("_headers", "vercel.json", "nginx.conf", "Caddyfile"):
            continue
        content = path.read_bytes()
        if path.suffix == ".parquet":
            table = site.table(next(one for one in page["models"][0]["rollups"] if one["file"].endswith(path.name)))
            content = json.dumps(table.to_pylist()).encode()
        if path.suffix in (".parquet", ".json"):
            for word in [*words, "customer_id", "status"]:
                assert json.dumps(word).encode() not in content, (path, word)


@pytest.mark.skipif(ORDERS < 6000, reason="of so few orders everything is within the smallest budget")
def test_a_budget_that_is_small_leaves_things_out_and_says_so(shop, tmp_path):
    (tmp_path / "orders.yaml").write_text(ORDERS_BOARD.replace("ZONE", "UTC"))
    out = publish(tmp_path / "orders.yaml", *sources(shop), folder=tmp_path / "site", budget="1MiB")
    site = Site(tmp_path / "site")
    model = site.page("orders")["models"][0]
    assert sum(one["bytes"] for one in model["rollups"]) <= 1024 * 1024
    assert model["unavailable"] and "not available: " in out
    assert all(one["bytes"] <= 65536 for one in model["rollups"] if one["grain"] != "none")
    for one in model["rollups"]:
        if one["grain"] == "month":
            assert one["from"].endswith("-01") and one["to"].endswith("-01")
    assert any(one["grain"] == "month" for one in model["rollups"])


@pytest.mark.parametrize("arguments, message", [
    (["nothing_of_this_name"], 'There is no dashboard "nothing_of_this_name"'),
    (["marketplace_overvew"], 'Did you mean "marketplace_overview"?'),
    (["marketplace_overview", "--periods", "soon"], "A period must be"),
    (["marketplace_overview", "--budget", "1"], "--budget must be from"),
    ([], "Name a dashboard"),
])  # fmt: skip
def test_wrong_use_is_told(shop, tmp_path, arguments, message):
    assert message in publish(*arguments, *sources(shop), folder=tmp_path / "site", fails=True)
    assert not (tmp_path / "site").exists()


def test_other_peoples_folders_are_refused(shop, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.tex").write_text("years")
    message = publish("marketplace_overview", *sources(shop), folder=folder, fails=True)
    assert "is not empty and no published site" in message
    assert [path.name for path in folder.iterdir()] == ["thesis.tex"]
    (tmp_path / "broken.yaml").write_text("title: x\nmetrics: {source: orders, measures: [{name: n, agg: summ}]}\n"
                                          "tiles: [{type: card, measure: n}]\n")  # fmt: skip
    message = publish(tmp_path / "broken.yaml", *sources(shop), folder=tmp_path / "new", fails=True)
    assert "broken.yaml:2:" in message and "sum" in message


ATTEMPTS = 2  # to be killed


def test_a_killed_publish_leaves_the_old_generation(shop, tables, tmp_path):
    folder = tmp_path / "site"
    publish("marketplace_overview", *sources(shop), folder=folder)
    index = (folder / "index.json").read_bytes()
    changed = tmp_path / "orders.parquet"
    rng = random.Random(7)
    for attempt in range(ATTEMPTS):
        tables.execute(f"COPY (SELECT * REPLACE (amount + {attempt + 1} AS amount) FROM orders) TO '{changed}'")
        command = [BINARY, "publish", *BUILT_IN[:6], *sources({**shop, "orders": changed}), "--to", str(folder)]
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        files = len(list((folder / "data").iterdir()))
        deadline = time.monotonic() + 60 * PATIENCE
        wanted = files + rng.randrange(1, 40)
        while len(list((folder / "data").iterdir())) < wanted and running.poll() is None:
            assert time.monotonic() < deadline
        running.send_signal(signal.SIGKILL)
        running.wait()
        if (folder / "index.json").read_bytes() != index:
            pytest.skip("it was faster")
        site = Site(folder)
        assert site.named_files() <= {f"data/{name}" for name in site.data_files()}
    publish("marketplace_overview", *sources(shop), folder=folder)
    publish("marketplace_overview", *sources({**shop, "orders": changed}), folder=folder)
    publish("marketplace_overview", *sources(shop), folder=folder)
    site = Site(folder)
    there = {f"data/{name}" for name in site.data_files()}
    assert there == site.named_files() | set(site.index["previous"]), "what was left over is gone"
