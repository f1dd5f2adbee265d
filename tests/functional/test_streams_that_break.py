"""A failure after the first byte: the client sees a broken answer in every format, never a file that looks whole."""

import http.client
import io
import os
import signal
import socket
import threading
import zipfile

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet
import pytest
from readers import FORMATS
from serving import PATIENCE, parse_answers, receive, wait_for

LATE = "SELECT i, CASE WHEN i = {row} THEN CAST('x' || i AS BIGINT) ELSE i END AS j FROM range(5000000) t(i)"


def ask_and_break(server, body, headers=b"", version=b"1.1"):
    """All bytes that came, and whether the end was an orderly one."""
    head = b"POST /api/v1/query HTTP/%s\r\nHost: localhost\r\n%sContent-Length: %d\r\n\r\n"
    data = head % (version, headers, len(body))
    with socket.create_connection(("127.0.0.1", server.port), 60) as client:
        client.sendall(data + body)
        got, orderly = bytearray(), False
        while True:
            try:
                piece = client.recv(1 << 18)
            except ConnectionResetError:
                break
            if not piece:
                orderly = True
                break
            got += piece
    return bytes(got), orderly


@pytest.mark.parametrize("format_", (*FORMATS, "xlsx"))
@pytest.mark.parametrize("encoding", (b"", b"Accept-Encoding: gzip\r\n", b"Accept-Encoding: zstd\r\n"))
def test_a_late_failure_breaks_the_answer(flights, format_, encoding):
    if encoding and format_ in ("parquet", "xlsx"):
        pytest.skip(f"{format_} is never encoded")
    body = b'{"sql": "%s", "format": "%s"}' % (LATE.format(row=4_900_000).encode(), format_.encode())
    got, _ = ask_and_break(flights, body, encoding)
    assert got.startswith(b"HTTP/1.1 200") and len(got) > 100_000
    assert not got.endswith(b"0\r\n\r\n")
    with pytest.raises(http.client.IncompleteRead) as broken:
        parse_answers(got)
    if not encoding:
        check_unfinished(format_, broken.value.partial)
    assert flights.value("SELECT 1") == 1


def check_unfinished(format_, data):
    if format_ == "json":
        assert not data.rstrip().endswith(b"}")
    elif format_ == "parquet":
        assert not data.endswith(b"PAR1")
        with pytest.raises(pa.ArrowInvalid):
            pyarrow.parquet.read_table(io.BytesIO(data))
    elif format_ == "arrow_file":
        assert not data.endswith(b"ARROW1")
        with pytest.raises(pa.ArrowInvalid):
            pyarrow.ipc.open_file(data)
    elif format_ == "xlsx":
        with pytest.raises(zipfile.BadZipFile):
            zipfile.ZipFile(io.BytesIO(data))
    elif format_ == "arrow":
        assert not data.endswith(b"\xff\xff\xff\xff\0\0\0\0")


@pytest.mark.parametrize("format_", (*FORMATS, "xlsx"))
def test_http_1_0_is_told_by_a_reset(flights, format_):
    body = b'{"sql": "%s", "format": "%s"}' % (LATE.format(row=4_900_000).encode(), format_.encode())
    got, orderly = ask_and_break(flights, body, version=b"1.0")
    assert got.startswith(b"HTTP/1.1 200") and not orderly


@pytest.mark.parametrize("format_", (*FORMATS, "xlsx"))
def test_an_early_failure_is_a_problem_document(flights, format_):
    answer = flights.sql(LATE.format(row=0), format=format_)
    assert (answer.status, answer.code) == (400, "QueryInvalid"), answer.body


def test_http_client_sees_it(flights):
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        flights.sql(LATE.format(row=4_900_000), format="csv")


@pytest.mark.parametrize("format_", ("csv", "parquet", "arrow", "xlsx"))
def test_a_time_out_in_the_midst_of_a_stream(flights, format_):
    """The time limit also holds while rows are on their way to a client that reads slowly."""
    body = b'{"sql": "SELECT * FROM range(2000000000)", "timeout_ms": 1500, "format": "%s"}' % format_.encode()
    got, _ = ask_and_break(flights, body)
    with pytest.raises(http.client.IncompleteRead) as broken:
        parse_answers(got)
    check_unfinished(format_, broken.value.partial)


def streaming(server):
    """The running query that has sent rows already, once there is one."""
    queries = server.get("/api/v1/queries").json()["queries"]
    return next((query for query in queries if query["progress"] and query["progress"]["bytes"] > 0), None)


def test_a_worker_killed_in_the_midst_of_a_stream(flights):
    outcome = []

    def read():
        try:
            flights.sql("SELECT * FROM range(2000000000)", format="csv", timeout=30 * PATIENCE)
        except (http.client.IncompleteRead, ConnectionResetError) as error:
            outcome.append(error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    number = wait_for(lambda: streaming(flights))["worker"]
    os.kill(flights.workers()[number]["pid"], signal.SIGKILL)
    thread.join(10 * PATIENCE)
    assert outcome and flights.value("SELECT count(*) FROM flights") == 3_000_000


def test_a_client_that_leaves_in_the_midst_frees_its_worker(flights):
    with socket.create_connection(("127.0.0.1", flights.port), 10) as client:
        body = b'{"sql": "SELECT * FROM range(2000000000)", "format": "csv"}'
        head = b"POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
        client.sendall(head % len(body) + body)
        assert receive(client, 10, b"\r\n\r\n").startswith(b"HTTP/1.1 200")
    wait_for(lambda: all(w["state"] == "idle" for w in flights.workers().values()), seconds=2)


def test_cancel_in_the_midst_of_a_stream(flights):
    outcome = []

    def read():
        try:
            outcome.append(flights.sql("SELECT * FROM range(2000000000)", format="ndjson", timeout=30 * PATIENCE))
        except (http.client.HTTPException, OSError) as error:
            outcome.append(error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    found = wait_for(lambda: streaming(flights))
    assert flights.ask("DELETE", f"/api/v1/queries/{found['id']}").status == 204
    thread.join(10 * PATIENCE)
    assert not thread.is_alive(), "the cancelled stream's client waits for ever"
    broken = isinstance(outcome[0], (http.client.IncompleteRead, ConnectionResetError))
    assert broken or outcome[0].status == 499, outcome
