"""How text is read, set while the server runs: applied to every route, kept for the next start, taken back, refused."""

import json

import pytest
from serving import Server

CSV = "code;price;when\n007;1,50;01.02.2025\n008;2,25;n/a\n"


@pytest.fixture
def start(tmp_path):
    """Starts servers on one data folder, of a file table.csv."""
    (tmp_path / "table.csv").write_text(CSV)
    (tmp_path / "other.parquet").write_bytes(b"")
    started = []

    def begin(argument=None):
        for server in started:
            server.stop()
        started.append(Server(tmp_path / "server", [argument or f"t={tmp_path / 'table.csv'}"]))
        return started[-1]

    yield begin
    for server in started:
        server.stop()


def put(server, settings, name="t"):
    return server.ask("PUT", f"/api/v1/datasets/{name}/reading", json.dumps(settings).encode(),
                      {"Content-Type": "application/json"})  # fmt: skip


def types_of(server):
    columns = server.ask("GET", "/api/v1/datasets/t").json()["columns"]
    return {column["name"]: column["type"] for column in columns}


def rows(server):
    return server.ask("GET", "/api/v1/datasets/t/rows").json()["rows"]


SETTINGS = {"decimal": ",", "null_values": ["n/a"], "date_format": "%d.%m.%Y", "types": {"code": "INTEGER"}}


def test_set_and_kept_and_reset(start):
    server = start()
    found = types_of(server)
    assert found == {"code": "VARCHAR", "price": "VARCHAR", "when": "VARCHAR"}
    answer = put(server, SETTINGS)
    assert answer.status == 200, answer.body
    reading = answer.json()["reading"]
    assert reading["set"] is True and reading["settings"]["types"] == {"code": "INTEGER"}
    expected = {"code": "INTEGER", "price": "DECIMAL(18,2)", "when": "DATE"}
    assert types_of(server) == expected
    assert rows(server) == [[7, "1.50", "2025-02-01"], [8, "2.25", None]]
    total = server.ask("POST", "/query/sql", {"sql": "SELECT max(code) AS s, sum(price) AS p FROM t"})
    assert total.json()["data"] == [{"s": 8, "p": "3.75"}]
    server = start()
    assert types_of(server) == expected
    assert server.ask("GET", "/api/v1/datasets/t").json()["reading"]["set"] is True
    answer = server.ask("DELETE", "/api/v1/datasets/t/reading")
    assert answer.status == 200 and answer.json()["reading"]["set"] is False
    assert types_of(server) == found
    server = start()
    assert types_of(server) == found


def test_what_cannot_be_read_so_changes_nothing(start):
    server = start()
    for settings, words in [({"types": {"price": "INTEGER"}}, "1,50"), ({"delimiter": ";;"}, "delimiter"),
                            ({"separator": ";"}, "separator"), ({"types": {"nosuch": "DATE"}}, "nosuch"),
                            ({"encoding": "klingon"}, "encoding")]:  # fmt: skip
        refused = put(server, settings)
        assert 400 <= refused.status < 500 and words in refused.json()["detail"], (settings, refused.body)
        assert len(rows(server)) == 2 and types_of(server)["price"] == "VARCHAR"
    assert not (server.folder / "data/reading.json").exists()
    assert put(server, SETTINGS).status == 200
    assert put(server, {"types": {"code": "BOOLEAN"}}).status >= 400
    assert types_of(server)["code"] == "INTEGER"


def test_told_settings_come_back(start, tmp_path):
    server = start(f"t={tmp_path / 'table.csv'}?decimal=%2C")
    assert types_of(server)["price"] == "DECIMAL(18,2)"
    assert put(server, {"all_text": True}).status == 200
    assert types_of(server)["price"] == "VARCHAR"
    server = start(f"t={tmp_path / 'table.csv'}?decimal=%2C")
    assert types_of(server)["price"] == "VARCHAR"
    assert server.ask("DELETE", "/api/v1/datasets/t/reading").status == 200
    assert types_of(server)["price"] == "DECIMAL(18,2)"


def test_another_file_of_the_name_is_read_as_told(start, tmp_path):
    server = start()
    assert put(server, SETTINGS).status == 200
    (tmp_path / "second.csv").write_text("code\n1\n")
    server = start(f"t={tmp_path / 'second.csv'}")
    assert types_of(server) == {"code": "BIGINT"}
    assert server.ask("GET", "/api/v1/datasets/t").json()["reading"]["set"] is False


def test_only_of_text(start, flights):
    server = start()
    assert put(server, {}, "nosuch").code == "DatasetNotFound"
    refused = put(flights, {}, "flights")
    assert refused.code == "InvalidData" and "no CSV or JSON" in refused.json()["detail"]
    assert flights.ask("GET", "/api/v1/datasets/flights").json()["rows"] == 3000000


def test_a_damaged_file_is_told(start, tmp_path):
    server = start()
    assert put(server, SETTINGS).status == 200
    (server.folder / "data/reading.json").write_text("{")
    with pytest.raises(AssertionError, match="reading.json is damaged"):
        start()
