"""The Python client (clients/python) against the program: what it reads, stores, exports, cancels and refuses."""

import asyncio
import datetime
import decimal
import hashlib
import json
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import threading
import time

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
from serving import FLIGHTS, ROOT, Server, wait_for

sys.path.insert(0, str(ROOT / "clients/python"))

import canvasback as cb  # noqa: E402
from canvasback import arrow, polars_scan  # noqa: E402
from canvasback.errors import BY_CODE  # noqa: E402

ROWS = 200_000


@pytest.fixture(scope="module")
def table():
    numbers = range(ROWS)
    return pa.table({
        "id": pa.array(numbers, pa.int64()),
        "n": pa.array([None if i % 10 == 0 else i % 97 for i in numbers], pa.int64()),
        "x": pa.array([i / 8 for i in numbers], pa.float64()),
        "name": pa.array([f"name {i % 100}" for i in numbers]),
        "day": pa.array([datetime.date(2020, 1, 1) + datetime.timedelta(days=i % 1000) for i in numbers]),
        "at": pa.array([1_600_000_000_000_000 + i * 1_000_000 for i in numbers], pa.timestamp("us")),
        "amount": pa.array([decimal.Decimal(i % 1000) / 4 for i in numbers], pa.decimal128(18, 2)),
        "flag": pa.array([i % 3 == 0 for i in numbers])})  # fmt: skip


@pytest.fixture(scope="module")
def server(serve_module, table, tmp_path_factory):
    file = tmp_path_factory.mktemp("python") / "numbers.parquet"
    pa.parquet.write_table(table, file, row_group_size=20_000)
    return serve_module(file, f"flights={FLIGHTS}")


@pytest.fixture
def client(server):
    with cb.Client(server.url) as one:
        yield one


@pytest.fixture
def numbers(client):
    return client.dataset("numbers")


def test_frames_are_the_file(numbers, table):
    assert numbers.to_arrow().cast(table.schema).equals(table)
    assert numbers.to_polars().equals(pl.from_arrow(table))
    assert pa.Table.from_batches(numbers.batches()).num_rows == ROWS
    assert numbers.schema.names == table.column_names


def test_rows_without_any_package(numbers, table):
    """Python's own values, decoded on the standard library, equal pyarrow's."""
    chosen = numbers.filter(cb.col("id") < 5000)
    assert chosen.to_list() == table.slice(0, 5000).to_pylist()


def test_reads_twice_as_an_arrow_stream(numbers):
    few = numbers.select("id").limit(1000)
    assert [pa.table(few).num_rows for _ in range(2)] == [1000, 1000]
    assert [pl.DataFrame(few).height for _ in range(2)] == [1000, 1000]
    assert duckdb.sql("SELECT count(*) FROM few").fetchall() == [(1000,)]


@pytest.mark.parametrize(("choose", "sql"), [
    (lambda d: d.filter(cb.col("n") > 90), "n > 90"),
    (lambda d: d.filter(n=5, flag=True), "n = 5 AND flag"),
    (lambda d: d.filter((cb.col("n") == 1) | ~cb.col("flag").is_null() & (cb.col("id") < 7)), "n = 1 OR id < 7"),
    (lambda d: d.filter({"name": {"op": "like", "value": "name 1_"}}), "name LIKE 'name 1_'"),
    (lambda d: d.filter(cb.col("name").is_in(["name 3", "name 4"])), "name IN ('name 3', 'name 4')"),
    (lambda d: d.filter(cb.col("name").contains("NAME 77")), "name = 'name 77'"),
    (lambda d: d.filter(cb.col("n").is_null()), "n IS NULL"),
    (lambda d: d.filter(n=None), "n IS NULL"),
    (lambda d: d.filter(cb.col("amount").between(decimal.Decimal("1.25"), 2)), "amount BETWEEN 1.25 AND 2"),
    (lambda d: d.filter(cb.col("day") >= datetime.date(2022, 9, 1)), "day >= DATE '2022-09-01'"),
    (lambda d: d.filter(cb.col("at") < datetime.datetime(2020, 9, 13, 13)), '"at" < TIMESTAMP \'2020-09-13 13:00:00\''),
])  # fmt: skip
def test_conditions_mean_what_sql_means(numbers, table, choose, sql):
    """As a filter of the API, and as the client's own SQL over a selection and over a statement's result."""
    wanted = duckdb.sql(f'SELECT id FROM "table" WHERE {sql} ORDER BY id').fetchall()
    chosen = choose(numbers)
    assert wanted and chosen.count() == len(wanted)
    assert chosen.select("id").to_arrow()["id"].to_pylist() == [row[0] for row in wanted]
    over = chosen.sql("SELECT id FROM self WHERE id >= $1 ORDER BY id", [0]).to_arrow()
    assert over["id"].to_pylist() == [row[0] for row in wanted]


def test_statements(client, numbers):
    found = client.sql("SELECT n, count(*) AS c FROM numbers WHERE id < $1 GROUP BY n -- a comment", [9700])
    chosen = found.filter(cb.col("c") > 80, n=5).select("n").sort("-n").limit(7)
    assert chosen.to_list() == [{"n": 5}] and chosen.count() == 1
    assert client.sql("SELECT $low + 1 AS v", {"low": 41}).to_list() == [{"v": 42}]
    with_own = numbers.filter(n=5).sql("WITH a AS (SELECT * FROM self) SELECT count(*) AS c FROM a WHERE id < $1", [97])
    assert with_own.to_list() == [{"c": 1}]
    assert client.sql("SELECT 1 AS a, 2 AS a").to_arrow().num_columns == 2
    with pytest.raises(ValueError, match="two columns have one name"):
        client.sql("SELECT 1 AS a, 2 AS a").to_list()


def test_selection_is_lazy_and_unchanged(numbers):
    narrowed = numbers.filter(n=5).sort("-id").limit(3)
    assert numbers.where is None and numbers.rows_max is None
    assert narrowed.select("id").to_arrow()["id"].to_pylist() == sorted(
        narrowed.to_arrow()["id"].to_pylist(), reverse=True)
    assert numbers.offset(ROWS - 2).count() == 2 and numbers.limit(5).offset(3).count() == 2
    one = numbers.sample(100, seed=3).select("id").to_arrow()
    assert one.num_rows == 100 and one.equals(numbers.sample(100, seed=3).select("id").to_arrow())
    assert 0 < numbers.sample(fraction=0.01, seed=1).count() < ROWS / 50
    for wrong in (lambda: numbers.limit(3).filter(n=5), lambda: numbers.limit(3).sort("id"),
                  lambda: numbers.sample(5).sql("SELECT 1 FROM self"), lambda: numbers.filter(b"x")):  # fmt: skip
        with pytest.raises((ValueError, TypeError)):
            wrong()
    with pytest.raises(TypeError):
        bool(cb.col("n") > 5)


def response_bytes(client):
    return sum(value for name, value in client.metrics().items()
               if name.startswith("canvasback_response_bytes_total") and "/export" in name)  # fmt: skip


def test_polars_scan_pushes_down(client, numbers):
    """Columns and conditions are the server's work: the bytes that it counts are those of what is left."""
    lazy = numbers.scan()
    frame = numbers.to_polars()
    before = response_bytes(client)
    everything = lazy.collect()
    full = response_bytes(client) - before
    assert everything.equals(frame)
    pushed = [(pl.col("id") < 1000) & (pl.col("name") == "name 7"), pl.col("day").is_between(
        datetime.date(2020, 1, 5), datetime.date(2020, 1, 6)), pl.col("name").is_in(["name 1", "name 2"]),
        (pl.col("n") == 3) | pl.col("n").is_null(), pl.col("x") >= 24_990.5, 500 > pl.col("id"),
        pl.col("at") < datetime.datetime(2020, 9, 13, 13), pl.col("amount") > decimal.Decimal("249.50")]  # fmt: skip
    for condition in pushed:
        before = response_bytes(client)
        assert lazy.filter(condition).select("id", "x").collect().equals(frame.filter(condition).select("id", "x"))
        assert response_bytes(client) - before < full / 4, condition
    for condition in (pl.col("id") % 1000 == 7, pl.col("name").str.ends_with("7"), pl.col("x").is_nan()):
        assert lazy.filter(condition, pl.col("id") < 5000).collect().equals(
            frame.filter(condition, pl.col("id") < 5000)), condition
    before = response_bytes(client)
    assert lazy.head(10).collect().equals(frame.head(10))
    assert lazy.select(pl.len()).collect().item() == ROWS
    assert response_bytes(client) - before < full / 2
    # Behind a limit a condition chooses among the rows of the limit.
    assert numbers.limit(100).scan().filter(pl.col("id") >= 95).collect()["id"].to_list() == [95, 96, 97, 98, 99]
    assert client.sql("SELECT * FROM numbers").scan().filter(pl.col("id") == 5).collect().equals(frame[5])


def test_a_condition_that_differs_is_not_pushed_down():
    types = {"f": "FLOAT", "u": "UUID", "i": "BIGINT", "t": "TIMESTAMP"}
    for condition in (pl.col("f") == 0.1, pl.col("u") < "a", pl.col("i") > 1.5, pl.col("i").cast(pl.Int8) == 1,
                      pl.col("t") > datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)):  # fmt: skip
        assert polars_scan.pushed_down(condition, types) is None, condition
    both = polars_scan.pushed_down((pl.col("f") == 0.1) & (pl.col("i") == 1), types)
    assert both.filter == {"i": {"op": "eq", "value": 1}}
    assert polars_scan.pushed_down((pl.col("f") == 0.1) | (pl.col("i") == 1), types) is None


@pytest.mark.parametrize("make", [
    lambda table: table, lambda table: pl.from_arrow(table), lambda table: table.to_batches()[0],
    lambda table: table.to_reader(1000), lambda table: pl.from_arrow(table).lazy(),
    lambda table: duckdb.from_arrow(table), lambda table: table.to_pylist(),
    lambda table: iter(table.to_pylist())],
    ids=["arrow", "polars", "batch", "reader", "lazy", "duckdb", "list", "iterator"])  # fmt: skip
def test_ingest(client, table, make, request):
    table = table.slice(0, 3000)
    done = client.ingest(make(table), "into_" + request.node.callspec.id)
    assert (done.records, done.quarantined, done.repeated) == (3000, 0, False)
    stored = client.dataset(done.collection).select("id", "name", "x", "flag").sort("id").to_arrow()
    assert stored.to_pylist() == table.select(["id", "name", "x", "flag"]).to_pylist()


def test_ingest_without_pyarrow(client, table, monkeypatch):
    monkeypatch.setattr("canvasback.frames._has_pyarrow", lambda: False)
    assert client.ingest(pl.from_arrow(table), "by_polars_alone").records == ROWS
    assert client.dataset("by_polars_alone").count() == ROWS


def test_ingest_of_files_and_what_is_wrong(client, tmp_path):
    (tmp_path / "a.ndjson").write_text('{"a": 1}\n{"a": 2}\n')
    assert client.ingest(tmp_path / "a.ndjson", "of_file").records == 2
    assert client.ingest({"a": 3}, "of_file").records == 1
    (tmp_path / "bad.ndjson").write_text('{"a": 1}\n{"a": \n')
    with pytest.raises(cb.errors.InvalidData) as refused:
        client.ingest(tmp_path / "bad.ndjson", "of_file")
    assert refused.value.errors[0]["message"] and refused.value.status == 400
    with pytest.warns(cb.CanvasbackWarning, match="1 records are in quarantine"):
        done = client.ingest(tmp_path / "bad.ndjson", "of_file", on_error="quarantine")
    assert (done.records, done.quarantined) == (1, 1)
    for wrong in ([1, 2], "no_such_file.txt", 7, [{"a": float("nan")}]):
        with pytest.raises((TypeError, ValueError)):
            client.ingest(wrong, "of_file")
    assert client.dataset("of_file").count() == 4


def test_exports_with_progress(numbers, table, tmp_path):
    seen = []
    receipt = numbers.export(tmp_path / "n.parquet", progress=seen.append)
    file = receipt.path.read_bytes()
    assert (receipt.rows, receipt.bytes, receipt.sha256) == (ROWS, len(file), hashlib.sha256(file).hexdigest())
    assert pa.parquet.read_table(receipt.path).cast(table.schema).equals(table)
    assert seen[-1].rows_done == ROWS and seen[-1].share == 1
    few = numbers.filter(n=5).limit(10)
    for name in ("n.csv", "n.ndjson", "n.json", "n.arrow", "n.arrows", "n.xlsx"):
        assert few.export(tmp_path / name, progress=False).rows == 10, name
    assert [part for part in tmp_path.iterdir() if part.suffix == ".part"] == []
    with pytest.raises(ValueError, match="no format is known"):
        few.export(tmp_path / "n.doc")
    with pytest.raises(ZeroDivisionError):
        numbers.export(tmp_path / "never.csv", progress=lambda progress: 1 / 0)
    assert not (tmp_path / "never.csv").exists() and not (tmp_path / "never.csv.part").exists()


def test_errors_are_typed(client, numbers):
    with pytest.raises(cb.errors.DatasetNotFound) as error:
        client.dataset("nobody").to_arrow()
    assert (error.value.status, error.value.code) == (404, "DatasetNotFound") and error.value.instance
    assert isinstance(error.value, cb.errors.NotFound)
    with pytest.raises(cb.errors.QueryInvalid) as error:
        client.sql("SELECT nobody FROM numbers").to_arrow()
    assert error.value.position == 7
    copied = pickle.loads(pickle.dumps(error.value))
    assert (type(copied), copied.position, str(copied)) == (cb.errors.QueryInvalid, 7, str(error.value))
    with pytest.raises(cb.errors.QueryForbidden):
        client.sql("COPY numbers TO 'x.csv'").to_arrow()
    with pytest.raises(cb.errors.QueryTimeout):
        client.sql("SELECT count(*) FROM range(100000000000)").with_timeout(0.2).to_arrow()
    with pytest.raises(cb.errors.Unreachable):
        cb.Client("http://127.0.0.1:9").health()
    with pytest.raises(ValueError, match="url must be"):
        cb.Client("localhost:8080")
    codes = json.loads((ROOT / "protocol/openapi.json").read_text())["components"]["schemas"]["ErrorCode"]["enum"]
    assert set(codes) == set(BY_CODE)


def test_an_answer_that_breaks_off_is_no_answer(client):
    """An error in the last rows, long after the first ones were sent."""
    statement = client.sql("SELECT i, CASE WHEN i = 4999999 THEN error('late') END AS v FROM range(5000000) t(i)")
    for read in (statement.to_arrow, statement.to_polars, statement.to_list, lambda: list(statement.batches()),
                 lambda: statement.scan().collect()):  # fmt: skip
        with pytest.raises(Exception) as error:
            read()
        assert isinstance(error.value, cb.CanvasbackError) or "Interrupted" in str(error.value), error.value


def running(server):
    return server.get("/api/v1/queries").json()["queries"]


def test_leaving_a_loop_cancels(server, client):
    for _ in client.sql("SELECT i, i * 2 AS j FROM range(10000000000) t(i)").batches():
        assert running(server)
        break
    wait_for(lambda: not running(server), 5)


@pytest.mark.parametrize("read", ["to_arrow()", "to_polars()", "to_list()", "export('x.csv')", "scan().collect()"])
def test_ctrl_c_cancels(server, tmp_path, read):
    """The process ends by KeyboardInterrupt, and the server has nothing to do any more."""
    program = (f"import canvasback as cb\nc = cb.Client({server.url!r})\n"
               f"c.sql('SELECT count(*) AS n FROM range(1000000000000) t(i) WHERE i % 7 = 3').{read}")  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "clients/python")}
    process = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, env=environment, stderr=subprocess.PIPE,
                               text=True)  # fmt: skip
    if read.startswith("scan"):
        wait_for(lambda: running(server) or process.poll() is not None, 20)
    wait_for(lambda: running(server), 20)
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    wait_for(lambda: not running(server), 5)
    assert "KeyboardInterrupt" in error and process.returncode != 0
    assert time.monotonic() - started < 60
    assert not list(tmp_path.iterdir())


def test_async_twin(server, client, tmp_path):
    async def work():
        async with cb.AsyncClient(server.url) as own:
            few = own.dataset("numbers").filter(n=5).select("id").sort("-id").limit(10)
            table, frame, rows = await asyncio.gather(few.to_arrow(), few.to_polars(), few.to_list())
            assert table.num_rows == frame.height == len(rows) == 10 == await few.count()
            total = 0
            async for batch in own.dataset("numbers").batches():
                total += batch.num_rows
            assert total == ROWS
            assert (await few.export(tmp_path / "a.csv", progress=False)).rows == 10
            assert (await own.ingest([{"a": 1}], "by_async")).records == 1
            assert {each["name"] for each in await own.datasets()} >= {"numbers", "flights"}
            endless = asyncio.create_task(own.sql("SELECT count(*) FROM range(1000000000000) t(i)").to_arrow())
            await asyncio.to_thread(wait_for, lambda: running(server), 20)
            endless.cancel()
            with pytest.raises(asyncio.CancelledError):
                await endless
        await asyncio.to_thread(wait_for, lambda: not running(server), 5)

    asyncio.run(work())


def test_preview_is_bounded(client, numbers):
    html = numbers._repr_html_()
    assert f"the first 10 rows of {ROWS:,}" in html and html.count("<tr>") == 11
    wide = client.sql(f"SELECT {', '.join(f'i AS c{i}' for i in range(500))} FROM range(3) t(i)")._repr_html_()
    assert "20 of 500 columns" in wide and wide.count("<th>") == 20 and len(wide) < 10_000
    long = client.sql("SELECT repeat('<b>', 1000) AS t FROM range(5)")._repr_html_()
    assert len(long) < 5000 and "<b>&" not in long and "…" in long
    assert "are not shown" in client.sql("SELECT repeat('x', 1000000) AS t FROM range(11)")._repr_html_()
    assert "DatasetNotFound" in client.dataset("nobody")._repr_html_()


def test_files_left_out_are_a_warning(serve, tmp_path, table):
    folder = tmp_path / "some"
    folder.mkdir()
    pa.parquet.write_table(table.slice(0, 10), folder / "a.parquet")
    (folder / "b.parquet").write_bytes(b"PAR1 no PAR1")
    own = cb.Client(serve(folder).url).dataset("some")
    with pytest.warns(cb.CanvasbackWarning, match="b.parquet"):
        assert own.to_arrow().num_rows == 10
    with pytest.raises(cb.CanvasbackError):
        own.with_unreadable("fail").to_arrow()


def test_a_server_that_restarts_is_tried_again(tmp_path):
    with Server(tmp_path / "one") as first:
        port = first.port
        client = cb.Client(first.url)
        assert client.health()
    late = threading.Timer(0.3, lambda: restarted.append(Server(tmp_path / "two", port=port)))
    restarted: list[Server] = []
    late.start()
    try:
        assert client.health()
    finally:
        late.join()
        for server in restarted:
            server.stop()


def test_every_type_decodes_as_pyarrow_has_it(serve):
    """The decoder of the standard library against pyarrow, on every type the server sends."""
    import hard_table

    statement = cb.Client(serve().url).sql(hard_table.select(
        200, [name for name in hard_table.COLUMNS if name not in ("huge", "uhuge")]))  # fmt: skip
    wanted = statement.to_arrow()
    found = list(statement.values())
    columns = {name: sum((batch.columns[at] for batch in found), []) for at, name in enumerate(found[0].names)}
    assert list(columns) == wanted.column_names
    for name in wanted.column_names:
        assert [plain(value) for value in columns[name]] == [plain(value) for value in listed(wanted[name])], name


def listed(column):
    """pyarrow refuses times that Python does not hold: as text, like ours."""
    try:
        return column.to_pylist()
    except (ValueError, OverflowError):
        return [value_of(each) for each in column]


def value_of(scalar):
    try:
        return scalar.as_py()
    except (ValueError, OverflowError):
        return ...


class Anything:
    def __eq__(self, other):
        return True


def plain(value):
    """Comparable: NaN is itself, times with a zone by their instant, intervals as tuples."""
    if value is ...:
        return Anything()
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime.datetime) and value.tzinfo:
        return value.timestamp()
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return value


def test_test_data_generator():
    generator = cb.TestDataGenerator()
    for kind in ("user", "transaction", "event", "product", "sensor"):
        records = generator.generate_batch(kind, count=50)
        assert len(records) == 50 == len({record["id"] for record in records})
        assert records == generator.generate_batch(kind, count=50)
    with pytest.raises(ValueError, match="data_type must be"):
        generator.generate_batch("nothing")


def test_the_core_needs_only_python(server, tmp_path):
    """With every other package hidden, rows, exports and records work, and what needs one says which."""
    program = f"""
import sys
for name in ("pyarrow", "polars", "pandas", "numpy", "tqdm", "rich", "anywidget"):
    sys.modules[name] = None
import canvasback as cb
c = cb.Client({server.url!r})
assert len(c.dataset("numbers").limit(5).to_list()) == 5
assert c.ingest([{{"a": 1}}], "plain").records == 1
assert c.dataset("numbers").export({str(tmp_path / "x.csv")!r}).rows == {ROWS}
for read in ("to_arrow", "to_polars", "to_pandas", "scan", "batches"):
    try:
        list(getattr(c.dataset("numbers"), read)())
    except ImportError as error:
        assert "pip install" in str(error), error
    else:
        raise AssertionError(read)
"""
    done = subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": str(ROOT / "clients/python")},
                          capture_output=True, text=True, timeout=120)  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_arrow_that_breaks_off(tmp_path):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, pa.schema([("a", pa.int64())])) as writer:
        writer.write_batch(pa.record_batch({"a": [1, 2, 3]}))
    whole = sink.getvalue().to_pybytes()
    file = tmp_path / "s"
    for end in range(0, len(whole), 8):
        file.write_bytes(whole[:end])
        with open(file, "rb") as source, pytest.raises(cb.errors.Interrupted):
            list(arrow.read_batches(source))
    file.write_bytes(whole)
    with open(file, "rb") as source:
        assert [batch.columns for batch in arrow.read_batches(source)] == [[[]], [[1, 2, 3]]]
    assert pathlib.Path(cb.__file__).with_name("py.typed").exists()
