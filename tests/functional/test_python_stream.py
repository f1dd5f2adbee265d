"""The Python client's windows over the WebSocket: rows, errors, superseded windows, a server that comes back. What the
desktop table makes of them is in tests/tk.
"""

import http.server
import queue
import sys
import threading
import time

import duckdb
import pytest
from serving import FLIGHTS, PATIENCE, ROOT, Server

sys.path.insert(0, str(ROOT / "clients/python"))

import canvasback as cb  # noqa: E402
from canvasback import texts  # noqa: E402
from canvasback.stream import LOST, OPEN, Stream  # noqa: E402
from canvasback.websocket import WebSocket  # noqa: E402

SECONDS = 20 * PATIENCE


class Listener:
    """A stream whose callbacks put what they have to say into a queue."""

    def __init__(self, client):
        self.said, self.passed_over = queue.Queue(), []
        self.stream = Stream(client.transport, status_changed=lambda status: self.said.put(("status", status)))

    def open(self, spec, **options):
        return self.stream.open(spec, lambda view: self.said.put(("view", view.state["state"], view.error)), **options)

    def ask(self, view, first, end, **options):
        return view.window(first, end, arrived=lambda rows: self.said.put(("rows", rows)),
                           failed=lambda error: self.said.put(("failed", error)),
                           dropped=lambda: self.said.put(("dropped", first)), **options)  # fmt: skip

    def next(self, *kinds):
        """The next thing of these kinds; others are kept until they are asked for."""
        until = time.monotonic() + SECONDS
        for place, found in enumerate(self.passed_over):
            if found[0] in kinds:
                return self.passed_over.pop(place)
        while True:
            found = self.said.get(timeout=max(0.01, until - time.monotonic()))
            if found[0] in kinds:
                return found
            self.passed_over.append(found)


@pytest.fixture
def listener(flights):
    one = Listener(cb.Client(flights.url))
    yield one
    one.stream.close()


def test_windows_are_the_rows(listener):
    client = listener.stream._transport
    dataset = cb.Client(client.url)["flights"].filter(cb.col("delay") > 900).sort("-delay").select("delay", "origin")
    view = listener.open(dataset.view_spec())
    listener.ask(view, 0, 50, slot=None)
    _, rows = listener.next("rows")
    wanted = duckdb.sql(f"SELECT delay, origin FROM '{FLIGHTS}' WHERE delay > 900 ORDER BY delay DESC").fetchall()
    assert rows.batch.columns[0] == [row[0] for row in wanted[:50]] and rows.batch.names == ["delay", "origin"]
    listener.ask(view, len(wanted) - 2, len(wanted) + 50, columns=["origin"], row_ids=True, slot=None)
    _, rows = listener.next("rows")
    assert rows.count == 2 and rows.first == len(wanted) - 2 and not rows.fewer
    assert rows.file_index == [0, 0] and len(rows.file_row) == 2
    assert view.rows == len(wanted) and [column["name"] for column in view.columns] == ["delay", "origin"]


def test_cells_are_cut_and_say_so(listener):
    view = listener.open({"sql": "SELECT repeat('é', 5000) AS long, 'short' AS other"})
    listener.ask(view, 0, 1, cell_bytes=64)
    _, rows = listener.next("rows")
    assert rows.whole_bytes == {"long": [10_000]} and rows.batch.columns[0][0] == "é" * 32
    listener.ask(view, 0, 1, columns=["long"])
    assert listener.next("rows")[1].batch.columns[0][0] == "é" * 5000


def test_errors_come_to_their_view_and_window(listener):
    view = listener.open({"sql": "SELECT nobody"})
    listener.ask(view, 0, 10)
    assert listener.next("dropped", "failed")  # whichever of the two the server ends first
    while (error := listener.next("view")[2]) is None:
        pass
    assert isinstance(error, cb.errors.QueryInvalid) and view.error is error
    listener.ask(view, 0, 10)
    assert listener.next("dropped") == ("dropped", 0)
    good = listener.open({"dataset": "flights"})
    listener.ask(good, 0, 10, columns=["nobody"])
    assert isinstance(listener.next("failed")[1], cb.errors.InvalidData)


def test_newer_windows_of_a_slot_end_older_ones(listener):
    """Each window has exactly one end, and the last one has its rows."""
    view = listener.open({"dataset": "flights", "sort": "-delay,origin"})
    for first in range(0, 2_000_000, 100_000):
        listener.ask(view, first, first + 64)
    ends = [listener.next("rows", "dropped") for _ in range(20)]
    assert ends[-1][0] == "rows" or any(end[0] == "rows" and end[1].first == 1_900_000 for end in ends)
    # One that waits for a view which is being made.
    view = listener.open({"dataset": "flights", "sort": "origin,-distance,delay"})
    listener.ask(view, 2_900_000, 2_900_064, slot=None).cancel()
    assert listener.next("dropped", "rows") == ("dropped", 2_900_000)


def test_replacing_and_closing_views(listener):
    view = None
    for number in range(40):  # more than a connection may have open
        view = listener.open({"dataset": "flights", "filter": {"delay": number}}, replaces=view)
    listener.ask(view, 0, 5, slot=None)
    assert set(listener.next("rows")[1].batch.columns[1]) == {39}
    view.close()
    listener.ask(view, 0, 5)
    assert listener.next("dropped")


def test_a_server_that_comes_back(tmp_path):
    with Server(tmp_path / "one", [f"flights={FLIGHTS}"]) as first:
        port = first.port
        listener = Listener(cb.Client(first.url))
        view = listener.open({"dataset": "flights"})
        listener.ask(view, 7, 9)
        before = listener.next("rows")[1].batch.columns
    try:
        while listener.next("status") != ("status", LOST):
            pass
        listener.ask(view, 7, 9)
        with Server(tmp_path / "two", [f"flights={FLIGHTS}"], port=port):
            assert listener.next("rows")[1].batch.columns == before
            assert listener.stream.status == OPEN
    finally:
        listener.stream.close()


def test_what_is_no_stream_is_refused(flights):
    client = cb.Client(flights.url)
    with pytest.raises(cb.errors.NotFound):
        WebSocket(client.transport, "/api/v1/nothing")
    with pytest.raises(cb.CanvasbackError):
        WebSocket(client.transport, "/health")
    with pytest.raises(cb.errors.Unreachable):
        WebSocket(cb.Client("http://127.0.0.1:9").transport, "/api/v1/stream")


def test_texts_of_values():
    import datetime
    import decimal

    pairs = [(1.0, "1"), (0.1, "0.1"), (1e300, "1e+300"), (float("nan"), "NaN"), (float("-inf"), "-Infinity"),
             (True, "true"), (12345678901234567890, "12345678901234567890"), (decimal.Decimal("1E-10"), "0.0000000001"),
             (datetime.datetime(2020, 1, 2, 3, 4, 5), "2020-01-02 03:04:05"), (b"\x00\xff", "00 ff"),
             ([1, None, "a"], '[1, null, "a"]'), ({"a": datetime.date(2020, 1, 2)}, '{"a": "2020-01-02"}')]  # fmt: skip
    for value, text in pairs:
        assert texts.text_of(value) == text
    assert texts.line_of("a\nb" + "c" * 300, 20) == "a b" + "c" * 16 + "…"


def test_key_and_path_of_a_proxy():
    """A key goes along as a bearer token, over HTTP and with the WebSocket, below the path of the address."""
    heads = []

    class Proxy(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            heads.append((self.path, self.headers["Authorization"]))
            body = b'{"code": "Unauthorized", "status": 401, "title": "x", "detail": "no such key"}'
            self.send_response(401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        client = cb.Client(f"http://127.0.0.1:{proxy.server_address[1]}/user/ann/", key="cb_secret")
        with pytest.raises(cb.errors.Unauthorized):
            client.health()
        with pytest.raises(cb.errors.Unauthorized):
            WebSocket(client.transport, "/api/v1/stream")
        proxy.shutdown()
    assert heads == [("/user/ann/health", "Bearer cb_secret"), ("/user/ann/api/v1/stream", "Bearer cb_secret")]
