"""Names of datasets and collections that differ only in the case of letters: SQL does not tell them apart, so that
nobody can put his records in the place of another's.
"""

import shutil
import subprocess

import pyarrow as pa
import pyarrow.parquet
import pytest
from serving import BINARY

NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
def numbers(tmp_path):
    path = tmp_path / "numbers.parquet"
    pyarrow.parquet.write_table(pa.table({"delay": [1, 2, 3]}), path)
    return path


def send(server, collection, record=b'{"id": "fake", "delay": -1}\n'):
    return server.ask("POST", "/ingest", record, NDJSON, collection=collection)


@pytest.mark.parametrize("name", ["flights", "FLIGHTS", "Flights"])
def test_nobody_writes_under_the_name_of_a_dataset(serve, numbers, name):
    server = serve(f"flights={numbers}")
    refused = send(server, name)
    assert (refused.status, refused.code) == (400, "InvalidData") and b"flights" in refused.body
    schema = server.ask("POST", "/api/v1/schemas", {"name": name, "fields": [{"name": "id", "type": "string"}]})
    assert schema.status == 400 and schema.code == "InvalidData"
    assert server.value("SELECT max(delay) FROM FLIGHTS") == 3
    assert not (server.folder / f"data/collections/{name}").exists()


def test_collections(serve):
    server = serve()
    assert send(server, "kv").status == 200
    assert send(server, "KV").code == "InvalidData"
    assert send(server, "ALL_RECORDS").status in (200, 400)
    assert send(server, "kv", b'{"id": "2", "delay": 5}\n').status == 200
    assert server.value("SELECT count(*) FROM Kv") == 2


def test_files_that_are_served(tmp_path, numbers):
    ended = subprocess.run([BINARY, "serve", f"a={numbers}", f"A={numbers}", "--listen", "127.0.0.1:0",
                            "--data", tmp_path / "data"], capture_output=True, timeout=60)  # fmt: skip
    assert ended.returncode != 0 and b'"A"' in ended.stderr and b'"a"' in ended.stderr, ended


def test_what_is_on_the_disk_is_served(serve, serve_in):
    """From before the second of two such names was refused."""
    server = serve()
    assert send(server, "kv").status == 200
    server.stop()
    collections = server.folder / "data/collections"
    shutil.copytree(collections / "kv", collections / "KV")
    server = serve_in(server.folder)
    for name in ("kv", "KV"):
        assert server.page(name, limit=5)["total_rows"] == 1
        refused = server.sql(f"SELECT * FROM {name}")
        assert (refused.status, refused.code) == (400, "QueryInvalid")
        assert b"KV" in refused.body and b"kv" in refused.body, refused.body
        assert send(server, name, b'{"id": "2", "delay": 5}\n').status == 200
        assert server.page(name, limit=5)["total_rows"] == 2
