"""Times and texts of records: offsets, years far off, patterns of whole values, envelopes without records."""

import subprocess

import pytest
from serving import BINARY

TIMES = {
    "offset": "2024-01-01T23:30:00-02:00",
    "minutes": "2024-01-01T23:31-02:00",
    "plain": "2024-01-01T23:30:00",
    "epoch": "1969-12-31T23:59:59Z",
    "old": "1900-01-01",
    "late": "2262-04-12T00:00:00Z",
    "ever": "9999-12-31",
}
RANGES = [
    ("2024-01-02T01:00:00", "2024-01-02T02:00:00", {"offset", "minutes"}),
    ("2024-01-02T03:00:00+02:00", "2024-01-02T03:30:00.000000+02:00", {"offset"}),
    ("2024-01-01T23:00", "2024-01-01T23:59", {"plain"}),
    ("1899-12-31", "1900-01-01", {"old"}),
    ("1969-12-31", "1969-12-31", {"epoch"}),
    ("2262-01-01", "9999-12-31", {"late", "ever"}),
]


@pytest.fixture(scope="module")
def server(serve_module):
    server = serve_module()
    send(server)
    return server


def send(server):
    records = [{"id": name, "timestamp": time} for name, time in TIMES.items()]
    assert server.ask("POST", "/ingest", {"records": records}).status in (200, 201)


def found(server, start, end):
    answer = server.ask("POST", "/query/date-range", {"start": start, "end": end, "limit": 100})
    assert answer.status == 200, answer.body
    return {record["id"] for record in answer.json()["data"]}


def test_ranges_before_and_after_a_merge(serve, serve_in):
    server = serve()
    send(server)
    for start, end, wanted in RANGES:
        assert found(server, start, end) == wanted, (start, end)
    server.stop()
    assert subprocess.run([BINARY, "compact", "--data", server.folder / "data"], check=False).returncode == 0
    server = serve_in(server.folder)
    for start, end, wanted in RANGES:
        assert found(server, start, end) == wanted, (start, end)


@pytest.mark.parametrize("start", ["2021", "", "yesterday", "2024-13-01", "infinity"])
def test_what_is_no_time_is_told(server, start):
    answer = server.ask("POST", "/query/date-range", {"start": start})
    assert answer.status == 400
    assert "2025-10-20" in answer.json()["detail"] and "CAST" not in answer.body.decode()


def test_an_envelope_without_records_is_refused(server):
    for body in ({"records": 5}, {"records": {"id": "x"}}, {"records": None}):
        answer = server.ask("POST", "/ingest", body)
        assert answer.status == 400, answer.body
