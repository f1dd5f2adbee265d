"""The stream (docs/stream.md): views and windows of them, held against DuckDB's own answers; and what a client may do
wrong or slowly."""

import decimal
import json
import os
import random
import signal
import time

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from serving import FLIGHTS, PATIENCE, wait_for
from stream_client import BINARY, TEXT, Closed, Rows, Stream

PLACED = f"read_parquet('{FLIGHTS}', file_row_number = true)"


@pytest.fixture
def stream(flights):
    with Stream(flights.port) as opened:
        assert opened.status == 101
        yield opened


@pytest.fixture(scope="module")
def expected(oracle):
    """The rows of a view as DuckDB has them, with their number in the file."""

    def rows(where="true", order=""):
        sql = f"SELECT * FROM {PLACED} WHERE {where} ORDER BY {order + ', ' if order else ''}file_row_number"
        return oracle.sql(sql).to_arrow_table()

    return rows


def check_window(answer, table, start, stop, row_ids=True):
    """A window holds exactly the rows of the table; of a dataset of one file with their numbers."""
    assert isinstance(answer, Rows), answer
    wanted = table.slice(start, max(0, stop - start))
    assert answer.start == start and answer.rows == wanted.num_rows
    got = answer.table
    if row_ids:
        assert got.column("__file_index").to_pylist() == [0] * answer.rows
        assert got.column("__file_row").to_pylist() == wanted.column("file_row_number").to_pylist()
        got = got.drop_columns(["__file_index", "__file_row"])
    assert got.to_pylist() == wanted.drop_columns(["file_row_number"]).to_pylist()


def check_windows(stream, view, table, count, seed=1):
    rng = random.Random(seed)
    ids = {}
    for _ in range(count):
        start = rng.randrange(0, max(1, table.num_rows))
        ids[stream.ask(view, start, start + rng.randrange(1, 300), row_ids=True, slot=None)] = start
        if len(ids) < 8:
            continue
        for number, begin in ids.items():
            answer = stream.answer(number)
            check_window(answer, table, begin, begin + answer.rows)
        ids = {}


def test_a_dataset_is_a_view_that_is_ready(stream, oracle, expected):
    view = stream.open(dataset="flights")
    first = stream.ask(view, 0, 100, row_ids=True)
    state = stream.answer(view)["view"]
    assert (state["state"], state["rows"], state["rows_exact"], state["share"]) == ("ready", 3_000_000, True, 1)
    assert state["columns"] == [{"name": name, "type": kind} for name, kind, *_ in
                                oracle.sql("DESCRIBE flights").fetchall()]  # fmt: skip
    everything = expected()
    check_window(stream.answer(first), everything, 0, 100)
    check_windows(stream, view, everything, 64)
    check_window(stream.window(view, 2_999_950, 3_000_100, row_ids=True), everything, 2_999_950, 3_000_000)
    for start, stop in ((3_000_000, 3_000_010), (5, 5), (10**15, 10**15 + 7)):
        answer = stream.window(view, start, stop)
        assert answer.rows == 0
        assert [*answer.table.column_names, "file_row_number"] == everything.column_names


def test_columns_come_in_the_order_asked_for(stream, oracle):
    view = stream.open(dataset="flights")
    names = oracle.sql("FROM flights LIMIT 0").columns
    answer = stream.window(view, 7, 9, columns=[names[2], names[0]])
    assert answer.table.column_names == [names[2], names[0]]
    assert answer.table.to_pylist() == oracle.sql(
        f'SELECT "{names[2]}", "{names[0]}" FROM flights LIMIT 2 OFFSET 7').to_arrow_table().to_pylist()  # fmt: skip


@pytest.mark.parametrize(
    ("view", "where", "order"),
    [
        ({"sort": "-delay"}, "true", "delay DESC NULLS LAST"),
        ({"sort": [{"column": "origin"}, {"column": "distance", "descending": True}]}, "true",
         "origin NULLS LAST, distance DESC NULLS LAST"),
        ({"filter": {"delay": {"op": "gt", "value": 30}}}, "delay > 30", ""),
        ({"filter": {"origin": "SFO"}, "sort": "distance"}, "origin = 'SFO'", "distance NULLS LAST"),
        ({"filter": {"delay": {"op": "gt", "value": 900}}}, "delay > 900", ""),
        ({"filter": {"delay": {"op": "gt", "value": 1500}}, "sort": "-delay"}, "delay > 1500", "delay DESC NULLS LAST"),
        ({"search": "sfo", "sort": "-distance"}, "origin = 'SFO' OR destination = 'SFO'", "distance DESC NULLS LAST"),
        ({"filter": {"origin": "no such"}}, "false", ""),
    ],
    ids=["sort", "two keys", "wide filter", "filter and sort", "narrow filter", "few rows", "search", "nothing"],
)  # fmt: skip
def test_a_view_has_the_rows_that_the_oracle_has(stream, expected, view, where, order):
    table = expected(where, order)
    number = stream.open(dataset="flights", **view)
    first = stream.ask(number, 0, 100, row_ids=True)
    check_window(stream.answer(first), table, 0, 100)
    state = stream.ready(number)["view"]
    assert (state["rows"], state["rows_exact"]) == (table.num_rows, True)
    check_windows(stream, number, table, 120)
    end = table.num_rows
    check_window(stream.window(number, max(0, end - 10), end + 10, row_ids=True), table, max(0, end - 10), end)
    # The same again is there at once.
    again = stream.open(dataset="flights", **view)
    assert stream.answer(again)["view"]["state"] == "ready"


def test_values_of_every_type_are_exact(stream, oracle):
    sql = """SELECT 9223372036854775807::BIGINT AS a, (-9223372036854775808)::BIGINT AS b, 255::UTINYINT AS c,
        18446744073709551615::UBIGINT AS d, '-170141183460469231731687303715884105728'::HUGEINT AS e,
        '12345678901234567890123456.0123456789'::DECIMAL(38,10) AS f, 'NaN'::DOUBLE AS g, '' AS h, NULL::VARCHAR AS i,
        TIMESTAMP_NS '2024-02-29 12:34:56.123456789' AS j, TIMESTAMPTZ '2024-02-29 12:00:00+02' AS k, [1, NULL] AS l,
        {'x': 1, 'y': 'z'} AS m, DATE '1969-12-31' AS n, 'a'::BLOB AS o,
        340282366920938463463374607431768211455::UHUGEINT AS p, TIME '23:59:59.999999' AS q"""  # fmt: skip
    view = stream.open(sql=sql)
    table = stream.window(view, 0, 10).table
    huge = table.column("e").chunk(0)
    assert int.from_bytes(huge.buffers()[1].to_pybytes()[:16], "little", signed=True) == -(2**127)
    row = table.drop_columns(["e", "j"]).to_pylist()[0]
    assert (row["a"], row["b"], row["c"], row["d"]) == (2**63 - 1, -(2**63), 255, 2**64 - 1)
    assert row["f"] == decimal.Decimal("12345678901234567890123456.0123456789")
    assert row["g"] != row["g"] and row["h"] == "" and row["i"] is None
    assert table.column("j").cast(pa.int64())[0].as_py() == 1_709_210_096_123_456_789
    assert (row["l"], row["m"], str(row["n"]), row["o"]) == ([1, None], {"x": 1, "y": "z"}, "1969-12-31", b"a")
    assert row["p"] == str(2**128 - 1) and str(row["q"]) == "23:59:59.999999"
    assert str(table.schema.field("k").type) == "timestamp[us, tz=UTC]"
    types = {column["name"]: column["type"] for column in stream.ready(view)["view"]["columns"]}
    assert types["e"] == "HUGEINT" and types["f"] == "DECIMAL(38,10)"


def test_a_statement_is_run_once_and_chosen_from_again(stream, oracle):
    sql = "SELECT origin, count(*) AS n, avg(delay) AS late FROM flights GROUP BY ALL"
    base = stream.open(sql=sql)
    state = stream.ready(base)["view"]
    whole = stream.window(base, 0, 20_000).table
    assert state["rows"] == whole.num_rows == oracle.sql(f"SELECT count(*) FROM ({sql})").fetchone()[0]
    chosen = stream.open(view=base, sort="-n,origin", filter={"n": {"op": "gt", "value": 1000}}, search="s")
    got = stream.window(chosen, 0, 20_000).table
    wanted = oracle.sql(f"""SELECT * FROM ({sql}) WHERE n > 1000 AND (contains(lower(origin), 's') OR
        contains(CAST(n AS VARCHAR), 's') OR contains(CAST(late AS VARCHAR), 's'))
        ORDER BY n DESC, origin""")  # fmt: skip
    assert got.column("origin").to_pylist() == [row[0] for row in wanted.fetchall()]
    # And at once, with the statement's own order below.
    sorted_view = stream.open(sql=sql, parameters=[], sort="origin")
    origins = stream.window(sorted_view, 0, 20_000).table.column("origin").to_pylist()
    assert origins == sorted(origins) and len(origins) == whole.num_rows


@pytest.mark.parametrize(
    ("view", "code"),
    [
        ({"dataset": "none"}, "DatasetNotFound"),
        ({"dataset": "flights", "sort": "nothing"}, "InvalidData"),
        ({"dataset": "flights", "columns": ["nothing"]}, "InvalidData"),
        ({"dataset": "flights", "filter": {"delay": {"op": "gt", "value": "late"}}}, "InvalidData"),
        ({"sql": "SELEC 1"}, "QueryInvalid"),
        ({"sql": "SELECT * FROM read_csv('/etc/passwd')"}, "QueryForbidden"),
        ({"sql": "SELECT 1) UNION SELECT (2"}, "QueryInvalid"),
        ({"sql": "SELECT 1 AS a", "sort": "b"}, "InvalidData"),
        ({"sql": "SELECT 1", "dataset": "flights"}, "InvalidData"),
        ({}, "InvalidData"),
    ],
)
def test_wrong_views_are_errors(stream, view, code):
    number = stream.open(**view)
    window = stream.ask(number, 0, 10)
    error = stream.answer(number, lambda message: "error" in message)["error"]
    assert error["code"] == code and error["detail"]
    assert stream.answer(window)["error"]["code"] in (code, "InvalidData")
    assert stream.window(stream.open(dataset="flights"), 0, 1).rows == 1


def test_newer_windows_supersede_older_ones_of_their_slot(stream):
    view = stream.open(dataset="flights", sort="-distance,delay")
    hundred = [stream.ask(view, 2_000_000 + i, 2_000_100 + i) for i in range(30)]
    other = stream.ask(view, 1_000_000, 1_000_100, slot=1)
    kept = [stream.ask(view, i, i + 10, slot=None) for i in range(3)]
    answers = [stream.answer(number) for number in hundred]
    assert isinstance(answers[-1], Rows)
    assert all(isinstance(stream.answer(number), Rows) for number in [other, *kept])
    for number, answer in zip(hundred[:-1], answers[:-1], strict=True):
        assert isinstance(answer, Rows) or answer["superseded"]["by"] == number + 1
    assert sum(isinstance(answer, dict) for answer in answers) >= 20
    assert not any(stream.answers[number] for number in hundred)


def running(server, kind):
    return [query for query in server.get("/api/v1/queries").json()["queries"] if query["kind"] == kind]


def test_closing_a_view_stops_its_work(flights, stream):
    view = stream.open(dataset="flights", sort="destination,-delay,origin,distance", search="a")
    window = stream.ask(view, 2_000_000, 2_000_010)
    wait_for(lambda: running(flights, "view"), 10)
    closed_at = time.monotonic()
    close = stream.request("close", view)
    assert stream.answer(window)["error"]["code"] == "Cancelled"
    assert stream.answer(close)["closed"]
    wait_for(lambda: not running(flights, "view"), 5)
    assert time.monotonic() - closed_at < 2  # at half a second on a machine with nothing else to do: bench/
    assert stream.answer(stream.request("close", view))["error"]["code"] == "InvalidData"


def test_a_view_takes_the_place_of_another(flights, stream):
    old = stream.open(dataset="flights", sort="destination,-delay,origin,distance", search="b")
    waiting = stream.ask(old, 2_500_000, 2_500_001)
    new = stream.open(dataset="flights", replaces=old)
    assert stream.answer(waiting)["error"]["code"] == "Cancelled"
    assert stream.window(new, 0, 5).rows == 5
    wait_for(lambda: not running(flights, "view"), 5)


def test_windows_and_views_can_be_cancelled(flights, stream):
    view = stream.open(dataset="flights", sort="-origin,delay,distance", search="c")
    window = stream.ask(view, 2_999_999, 3_000_000, slot=None)
    cancel = stream.request("cancel", window)
    assert stream.answer(window)["error"]["code"] == "Cancelled" and stream.answer(cancel)["cancelled"]
    cancel = stream.request("cancel", view)
    assert stream.answer(view, lambda message: "error" in message)["error"]["code"] == "Cancelled"
    assert stream.answer(cancel)["cancelled"]
    assert stream.answer(stream.request("cancel", window))["cancelled"] is False
    wait_for(lambda: not running(flights, "view"), 5)


def test_a_client_that_leaves_stops_its_work(flights):
    with Stream(flights.port) as leaving:
        leaving.answer(leaving.open(dataset="flights", sort="origin,destination,delay", search="d"))
        wait_for(lambda: running(flights, "view"), 10)
    wait_for(lambda: not running(flights, "view"), 5)


@pytest.mark.parametrize("text", [
    "", "{", "[]", "null", "7", '"text"', "{}", '{"id": 1}', '{"id": 0, "close": 1}', '{"id": -1, "close": 1}',
    '{"id": 4294967296, "close": 1}', '{"id": 1.5, "close": 1}', '{"id": 1, "close": 1, "cancel": 1}',
    '{"id": 1, "nothing": 1}', '{"id": 1, "open": []}', '{"id": 1, "open": {"dataset": 5}}',
    '{"id": 1, "open": {"dataset": "flights", "colums": []}}',
    '{"id": 1, "open": {"dataset": "flights", "columns": []}}',
    '{"id": 1, "open": {"dataset": "flights", "sort": [1]}}', '{"id": 1, "open": {"dataset": "flights", "first": 0}}',
    '{"id": 1, "window": {"view": 1, "from": 0}}', '{"id": 1, "window": {"view": 1, "from": 5, "to": 4}}',
    '{"id": 1, "window": {"view": 1, "from": 0, "to": 20001}}', '{"id": 1, "window": {"view": 9, "from": 0, "to": 1}}',
    '{"id": 1, "window": {"view": 1, "from": -1, "to": 1}}', '{"id": 1, "window": {"view": 1, "from": 0, "to": 1e3}}',
    '{"id": 1, "window": {"view": 1, "from": 0, "to": 1, "slot": 16}}', '{"id": 1, "credits": 0}',
    '{"id": 1, "credits": 65}', '{"id": 1, "id": 2, "close": 1}', '{"id": 1, "close": ' + "[" * 500 + "]" * 500 + "}",
])  # fmt: skip
def test_messages_that_are_none_are_errors_and_nothing_else(stream, text):
    stream.send(text)
    message = stream.receive()
    assert message["error"]["code"] == "InvalidData" and message["id"] in (None, 1)
    assert stream.window(stream.open(dataset="flights"), 0, 1).rows == 1


@pytest.mark.parametrize(
    ("opcode", "payload", "code"),
    [(BINARY, b"\0\1", 1003), (TEXT, b"\xff\xfe", 1007), (TEXT, b" " * (1 << 20) + b"{}", 1009), (3, b"", 1002)],
)
def test_frames_that_are_no_messages_end_the_connection(flights, stream, opcode, payload, code):
    with pytest.raises((Closed, ConnectionError)) as ended:
        stream.send_frame(opcode, payload)  # a large one may meet the closed connection while it is sent
        while True:
            stream.receive()
    assert getattr(ended.value, "code", code) in (code, None)
    assert flights.get("/health").status == 200


def test_an_id_is_used_once_at_a_time(stream):
    view = stream.open(dataset="flights")
    stream.answer(view)
    stream.send({"id": view, "window": {"view": view, "from": 0, "to": 1}})
    assert stream.answer(view)["error"]["code"] == "InvalidData"


def test_requests_that_are_no_handshake(flights):
    assert flights.get("/api/v1/stream").status == 400
    with Stream(flights.port, headers=["Origin: http://evil.example"]) as foreign:
        assert foreign.status == 403
    with Stream(flights.port, headers=[f"Origin: http://localhost:{flights.port}"]) as other_port:
        assert other_port.status == 403
    with Stream(flights.port, headers=["Origin: http://localhost"]) as own:
        assert own.status == 101


def test_frames_go_by_credits(flights):
    with Stream(flights.port, credits=False) as stream:
        view = stream.open(dataset="flights")
        stream.answer(view)
        ids = [stream.ask(view, i, i + 10, slot=None) for i in range(40)]
        assert all(isinstance(stream.answer(number), Rows) for number in ids[:16])
        stream.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            stream.receive()
        stream.socket.settimeout(60)
        stream.request("credits", 3)
        assert all(isinstance(stream.answer(number), Rows) for number in ids[16:19])
        stream.request("credits", 64)
        assert all(isinstance(stream.answer(number), Rows) for number in ids[19:])


def test_a_client_that_does_not_read_costs_little(flights):
    process = psutil.Process(flights.process.pid)
    with Stream(flights.port, credits=False) as stream:
        view = stream.open(dataset="flights")
        stream.answer(view)
        before = process.memory_info().rss
        stream.request("credits", 48)
        for i in range(250):
            stream.ask(view, 20_000 * (i % 140), 20_000 * (i % 140) + 20_000, slot=None)
        time.sleep(1)
        wait_for(lambda: not running(flights, "window") or None, 30)
        assert process.memory_info().rss - before < 64 << 20
        # Others are served meanwhile.
        with Stream(flights.port) as other:
            assert other.window(other.open(dataset="flights"), 0, 10).rows == 10


def test_a_worker_that_dies_takes_no_window_along(serve, expected):
    server = serve(f"flights={FLIGHTS}")
    table = expected("true", "distance DESC NULLS LAST")
    with Stream(server.port) as stream:
        view = stream.open(dataset="flights", sort="-distance")
        assert stream.ready(view)["view"]["state"] == "ready"
        for round_number in range(4):
            ids = {stream.ask(view, 90_000 * i, 90_000 * i + 50, row_ids=True, slot=None): 90_000 * i
                   for i in range(24)}  # fmt: skip
            for worker in server.workers().values():
                if worker["number"] % 2 == round_number % 2:
                    os.kill(worker["pid"], signal.SIGKILL)
            for number, start in ids.items():
                check_window(stream.answer(number), table, start, start + 50)


def test_a_dataset_that_changes_changes_its_views(serve, tmp_path):
    def write(offset):
        table = pa.table({"id": list(range(offset, offset + 50_000)), "k": [i % 7 for i in range(50_000)]})
        pq.write_table(table, tmp_path / "new.parquet")
        os.replace(tmp_path / "new.parquet", tmp_path / "t.parquet")

    write(0)
    server = serve(f"t={tmp_path / 't.parquet'}")
    with Stream(server.port) as stream:
        view = stream.open(dataset="t", sort="k,-id")
        version = stream.ready(view)["view"]["version"]
        assert stream.window(view, 0, 1).table.column("id")[0].as_py() == 49_994 // 7 * 7
        write(1_000_000)
        state = stream.answer(view, lambda message: message.get("view", {}).get("version", version) != version)
        assert state["view"]["version"] != version
        assert stream.window(view, 0, 1).table.column("id")[0].as_py() == 1_000_000 + 49_994 // 7 * 7


def test_long_cells_are_cut_and_told(serve, tmp_path):
    texts = ["ä" * 600_000, "short", None, "x" * 2_000_000]
    pq.write_table(pa.table({"id": [0, 1, 2, 3], "text": texts}), tmp_path / "wide.parquet")
    server = serve(f"wide={tmp_path / 'wide.parquet'}")
    with Stream(server.port) as stream:
        view = stream.open(dataset="wide")
        cut = stream.window(view, 0, 4, cell_bytes=101)
        assert cut.cut and not cut.more and cut.bytes < 4000
        assert cut.table.column("text").to_pylist() == ["ä" * 50, "short", None, "x" * 101]
        assert cut.table.column("__bytes_text").to_pylist() == [1_200_000, None, None, 2_000_000]
        assert cut.table.schema.field("__bytes_text").metadata[b"canvasback.virtual"] == b"cell_bytes"
        whole = stream.window(view, 0, 4)
        assert not whole.cut and whole.table.column("text").to_pylist() == texts


def test_a_frame_is_bounded_and_the_rest_can_be_asked_for(serve, tmp_path):
    texts = [chr(97 + i % 26) * 1_000_000 for i in range(30)]
    pq.write_table(pa.table({"id": list(range(30)), "text": texts}), tmp_path / "big.parquet", row_group_size=7)
    server = serve(f"big={tmp_path / 'big.parquet'}")
    with Stream(server.port) as stream:
        for view in (stream.open(dataset="big"), stream.open(dataset="big", sort="-id")):
            got, start = [], 0
            while start < 30:
                answer = stream.window(view, start, 30)
                assert answer.bytes <= (8 << 20) + 4096 and answer.rows > 0
                assert answer.more == (start + answer.rows < 30)
                got += answer.table.column("text").to_pylist()
                start += answer.rows
            assert got in (texts, texts[::-1])


def test_files_that_are_no_parquet_can_be_looked_at_too(serve, tmp_path):
    rows = [(i, (i * 7919) % 1000, f"text {i}") for i in range(5000)]
    (tmp_path / "t.csv").write_text("id,k,name\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows))
    server = serve(f"t={tmp_path / 't.csv'}")
    with Stream(server.port) as stream:
        view = stream.open(dataset="t")
        answer = stream.window(view, 4990, 5010, row_ids=True)
        assert answer.table.column("name").to_pylist() == [row[2] for row in rows[4990:]]
        assert answer.table.column("__file_row").to_pylist() == list(range(4990, 5000))
        ordered = sorted((row for row in rows if row[1] < 500), key=lambda row: (-row[1], row[0]))
        view = stream.open(dataset="t", sort="-k", filter={"k": {"op": "lt", "value": 500}})
        answer = stream.window(view, 1000, 1200, row_ids=True)
        assert answer.table.column("id").to_pylist() == [row[0] for row in ordered[1000:1200]]
        assert answer.table.column("__file_row").to_pylist() == [row[0] for row in ordered[1000:1200]]


@pytest.mark.parametrize("type_", [pa.large_string(), pa.string(), pa.string_view(), pa.large_binary(), pa.binary()])
def test_a_view_in_the_order_of_texts_of_every_arrow_type(serve, tmp_path, type_):
    """The schema of Arrow in a file says what its texts become; they are read as dictionaries where they are some."""
    texts = [f"t{i * 7919 % 500:03}" for i in range(40_000)]
    values = pa.array([text.encode() for text in texts], pa.binary()).cast(type_)
    path = tmp_path / "texts.parquet"
    pq.write_table(pa.table({"n": range(len(texts)), "t": values}), path, row_group_size=8192)
    server = serve(f"texts={path}")
    with Stream(server.port) as stream:
        view = stream.open(dataset="texts", sort="-t")
        ready = stream.ready(view)
        assert "error" not in ready, ready
        answer = stream.window(view, 1000, 1100)
        wanted = sorted(range(len(texts)), key=lambda i: texts[i], reverse=True)
        assert answer.table.column("n").to_pylist() == wanted[1000:1100]
    profile = server.get("/api/v1/datasets/texts/profile").json()
    assert {column["name"]: column["distinct"] for column in profile["columns"]}["t"] == 500


def test_rows_that_only_the_engine_reads_are_those_of_the_file_that_was_given(serve, tmp_path):
    """Workers may open no served file by its name: also for a window in file order, of columns that are lists."""
    path = tmp_path / "lists.parquet"
    pq.write_table(pa.table({"v": [[i, None] for i in range(500)]}), path)
    server = serve(f"lists={path}")
    server.ask("POST", "/ingest", {"id": "a"}, collection="events")
    with Stream(server.port) as stream:
        view = stream.open(dataset="lists")
        answer = stream.window(view, 490, 510)
        assert not isinstance(answer, dict), answer
        assert answer.table.column("v").to_pylist() == [[i, None] for i in range(490, 500)]
        pq.write_table(pa.table({"v": [[-i] for i in range(500)]}), tmp_path / "next")
        (tmp_path / "next").rename(path)
        # The replaced file's rows, or word that it was replaced; never a mixture, never its successor's under its name.
        answer = stream.window(view, 0, 10)
        if not isinstance(answer, dict):
            assert answer.table.column("v").to_pylist() in ([[i, None] for i in range(10)], [[-i] for i in range(10)])


def test_views_give_way_to_others_and_come_back(serve, expected):
    server = serve(f"flights={FLIGHTS}", flags=["--cache", "100MB"])
    tables = {key: expected("true", f"{key} DESC NULLS LAST") for key in ("delay", "distance", "origin")}
    with Stream(server.port) as stream:
        views = {key: stream.open(dataset="flights", sort=f"-{key}") for key in tables}
        for key, view in views.items():
            assert stream.ready(view)["view"]["state"] == "ready", key
        for turn in range(6):
            for key, view in views.items():
                start = 400_000 * turn + 17
                check_window(stream.window(view, start, start + 40, row_ids=True), tables[key], start, start + 40)


def test_an_order_that_is_too_large_has_its_beginning(serve, expected):
    server = serve(f"flights={FLIGHTS}", flags=["--cache", "8MB"])
    table = expected("true", "delay DESC NULLS LAST")
    with Stream(server.port) as stream:
        view = stream.open(dataset="flights", sort="-delay")
        state = stream.ready(view)["view"]
        assert (state["state"], state["rows"], state["rows_available"]) == ("limited", 3_000_000, 10_000)
        assert "MB" in state["detail"]
        check_window(stream.window(view, 9_900, 10_100, row_ids=True), table, 9_900, 10_000)


def test_an_order_that_takes_more_than_a_worker_has_is_made_in_the_large_place(serve, tmp_path, oracle):
    # Its first rows are there before the memory is not: the query service cannot try it again by itself.
    file = tmp_path / "words.parquet"
    oracle.sql(f"COPY (SELECT hash(i) AS number, md5(i::VARCHAR) AS word FROM range(4500000) t(i)) TO '{file}'")
    server = serve(f"words={file}", flags=["--memory", "2200MB", "--workers", "8"])
    words = oracle.sql(f"SELECT word FROM '{file}' ORDER BY word DESC").to_arrow_table().column(0)
    with Stream(server.port) as stream:
        view = stream.open(dataset="words", sort="-word")
        last = stream.ready(view, 60 * PATIENCE)
        assert last.get("view", {}).get("state") == "ready", last
        for start in (0, 1_500_000, 4_499_990):
            rows = stream.window(view, start, start + 10)
            assert rows.table.column("word").to_pylist() == words.slice(start, 10).to_pylist()


def test_the_server_says_goodbye(serve):
    server = serve(f"flights={FLIGHTS}")
    with Stream(server.port) as stream:
        stream.answer(stream.open(dataset="flights"))
        server.process.send_signal(signal.SIGTERM)
        with pytest.raises((Closed, ConnectionError)) as ended:
            while True:
                stream.receive()
        assert getattr(ended.value, "code", 1001) in (1001, None)
    assert server.process.wait(15) == 0


def test_examples_of_the_document_are_messages(flights):
    text = (FLIGHTS.parents[2] / "docs/stream.md").read_text()
    block = text.split("```json\n")[1].split("```")[0].replace('\n                   ', " ")
    with Stream(flights.port) as stream:
        for line in block.strip().splitlines():
            message = json.loads(line)
            stream.send(message)
            kind = next(key for key in message if key != "id")
            answer = stream.answer(message["id"]) if kind != "credits" else None
            # orders is not served here: what is refused is refused for that alone.
            if answer and "error" in answer:
                assert answer["error"]["code"] in ("DatasetNotFound", "InvalidData", "QueryForbidden", "QueryInvalid")
                assert "member" not in answer["error"]["detail"], answer
