"""All of apache/parquet-testing against pyarrow, where it is at hand: CANVASBACK_PARQUET_TESTING names its folder.

Each file has the values that pyarrow reads, in rows, sorted and by SQL, or is refused with its reason.
"""

import json
import os
import pathlib

import pyarrow.parquet as pq
import pytest

FOLDER = os.environ.get("CANVASBACK_PARQUET_TESTING", "")
PATHS = sorted(pathlib.Path(FOLDER).rglob("*.parquet")) if FOLDER else []

pytestmark = pytest.mark.skipif(not FOLDER, reason="CANVASBACK_PARQUET_TESTING is not set")


@pytest.fixture(scope="module")
def server(serve_module):
    return serve_module(*[f"{name_of(path)}={path}" for path in PATHS])


def name_of(path):
    return "_".join(path.relative_to(FOLDER).with_suffix("").parts)


@pytest.mark.parametrize("path", PATHS, ids=map(name_of, PATHS))
def test_every_file_is_read_or_refused_with_its_reason(server, path):
    name = name_of(path)
    entry = server.get(f"/api/v1/datasets/{name}").json()
    if "error" in entry:
        message = entry["error"]["message"]
        assert path.name in message, message
        assert not any(word in message for word in ("INTERNAL", "Exception", "unique_ptr")), message
        return
    try:
        table = pq.read_table(path)
    except OSError:
        table = None
    answer = server.rows(name, limit=100_000)
    ordered = server.rows(name, limit=100_000, sort=json.dumps(entry["columns"][0]["name"]))
    counted = server.sql(f'SELECT count(*) FROM "{name}"')
    if answer.status != 200:
        assert answer.status == 400 and path.name in answer.json()["detail"], answer.body
        return
    rows = answer.json()["rows"]
    assert ordered.status == 200 and counted.status == 200, (ordered.body[:500], counted.body[:500])
    assert sorted(map(json.dumps, ordered.json()["rows"])) == sorted(map(json.dumps, rows))
    assert counted.json()["rows"] == [[len(rows)]]
    if table is None:
        return
    assert len(rows) == table.num_rows
    for place, column in enumerate(table.columns):
        nulls = sum(row[place] is None for row in rows)
        if "variant" not in path.parent.name:
            assert nulls == column.null_count, entry["columns"][place]["name"]
