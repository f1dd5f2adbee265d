"""A path that exists is a path, whatever its name is made of; names of datasets are what their owner calls them."""

import json
import subprocess
import urllib.parse

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from serving import BINARY
from test_parquet_cases import pages_of, rows_of, sql

# Each beside a file that a pattern of its name would match.
PAIRS = [("a[1]", "a1"), ("b?", "bx"), ("c*", "cyz"), ("d{1,2}", "d1"), ("e%20f", "e f"), ("g'h", "gh"), ('i"j', "ij"),
         ("k,l", "kl"), ("m=n", "mn"), ("[!o]", "p"), ("ü", "u"), ("q\\[r", "qr"), ("s\nt", "st")]  # fmt: skip
NAMES = sorted((name for pair in PAIRS for name in pair), key=lambda name: name.encode())


def write_all(folder, kind):
    folder.mkdir(parents=True)
    for i, name in enumerate(NAMES):
        path = folder / f"{name}.{kind}"
        if kind == "parquet":
            pq.write_table(pa.table({"id": [i], "n": [10 * i]}), path)
        elif kind == "arrow":
            with pa.ipc.new_file(path, pa.schema([("id", pa.int64()), ("n", pa.int64())])) as writer:
                writer.write_table(pa.table({"id": [i], "n": [10 * i]}))
        elif kind == "csv":
            path.write_text(f"id,n\n{i},{10 * i}\n")
        else:
            path.write_text(json.dumps({"id": i, "n": 10 * i}) + "\n")
    return folder


WANTED = [[i, 10 * i] for i in range(len(NAMES))]


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_every_file_of_a_folder_is_read_once(serve, tmp_path, kind):
    """Cases 01, 03 and 04 of the kinds of files with types of their own."""
    server = serve(f"d={write_all(tmp_path / 'names', kind)}")
    assert sorted(rows_of(server, "d")) == WANTED
    assert rows_of(server, "d", sort="id") == WANTED
    assert pages_of(server, "d", 4, sort="id") == WANTED
    assert sorted(rows_of(server, "d", filter='{"id": {"op": "ge", "value": 0}}')) == WANTED
    assert sql(server, "SELECT sum(n), count(*) FROM d") == [[str(sum(row[1] for row in WANTED)), len(WANTED)]]
    profile = server.get("/api/v1/datasets/d/profile").json()
    assert [column["count"] + column["nulls"] for column in profile["columns"]] == [len(WANTED)] * 2
    exported = server.rows("d", format="ndjson")
    assert sorted(list(json.loads(line).values()) for line in exported.body.splitlines()) == WANTED


@pytest.mark.parametrize("name", NAMES)
def test_a_file_alone(serve, tmp_path, name):
    """Case 06: as the argument that names it."""
    folder = write_all(tmp_path / "my [data]", "parquet")
    i = NAMES.index(name)
    server = serve(f"d={folder / name}.parquet")
    assert rows_of(server, "d") == [[i, 10 * i]]
    assert rows_of(server, "d", sort="id", filter=json.dumps({"n": 10 * i})) == [[i, 10 * i]]
    assert sql(server, "SELECT * FROM d") == [[i, 10 * i]]


def test_folders_with_brackets(serve, tmp_path):
    for folder, value in (("my [data]", 1), ("my d", 2)):
        (tmp_path / folder).mkdir()
        pq.write_table(pa.table({"id": [value]}), tmp_path / folder / "x.parquet")
    server = serve(f"folder={tmp_path / 'my [data]'}", f"pattern={tmp_path / 'my [data]' / '*.parquet'}",
                   f"set={tmp_path / 'my [dx]' / '*.parquet'}")  # fmt: skip
    for name, value in (("folder", 1), ("pattern", 1), ("set", 2)):
        assert rows_of(server, name) == [[value]] == rows_of(server, name, sort="id") == sql(server, f'FROM "{name}"')


def test_a_pattern_is_one_where_no_file_has_its_name(serve, tmp_path):
    for name in ("x1", "x2", "y[1]"):
        pq.write_table(pa.table({"id": [name]}), tmp_path / f"{name}.parquet")
    server = serve(f"set={tmp_path / 'x[12].parquet'}", f"own={tmp_path / 'y[1].parquet'}",
                   f"all={tmp_path / '*.parquet'}")  # fmt: skip
    assert sorted(rows_of(server, "set")) == [["x1"], ["x2"]]
    assert rows_of(server, "own") == [["y[1]"]]
    assert len(rows_of(server, "all")) == 3


DATASETS = ["größe", "日本 語", "a,b", "it's", 'say "x"', "v1.2", "a=b", "2024", "select", "x" * 200, "a%2Fb", "?", "#1"]


def test_names_of_datasets(serve, tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"id": [1, 2]}), path)
    server = serve(*[f"{name}={path}" for name in DATASETS])
    listed = [entry["name"] for entry in server.get("/api/v1/datasets").json()["datasets"]]
    assert sorted(listed) == sorted(DATASETS)
    for name in DATASETS:
        encoded = urllib.parse.quote(name, safe="")
        assert server.get(f"/api/v1/datasets/{encoded}/rows").json()["rows"] == [[1], [2]], name
        assert server.get(f"/api/v1/datasets/{encoded}/rows", sort="-id").json()["rows"] == [[2], [1]], name
        assert server.get(f"/api/v1/datasets/{encoded}").json()["name"] == name
        assert server.get(f"/api/v1/datasets/{encoded}/profile").status == 200, name
        assert server.get(f"/api/v1/datasets/{encoded}/rows", format="csv").status == 200, name
        quoted = '"' + name.replace('"', '""') + '"'
        assert sql(server, f"SELECT max(id) FROM {quoted}") == [[2]], name


def test_names_of_files(serve, tmp_path):
    """Case 119: a name is made of any file's name; a long one is cut."""
    for name in ("größe", "x" * 240, "2024 report"):
        pq.write_table(pa.table({"id": [1]}), tmp_path / f"{name}.parquet")
    server = serve(*sorted(tmp_path.glob("*.parquet")))
    listed = sorted(entry["name"] for entry in server.get("/api/v1/datasets").json()["datasets"])
    assert listed[0] == "_2024_report" and listed[1] == "größe"
    assert listed[2].startswith("x" * 100) and len(listed[2]) == 128
    for name in listed:
        assert server.get(f"/api/v1/datasets/{urllib.parse.quote(name)}/rows").json()["rows"] == [[1]]


def test_a_name_that_no_dataset_can_have(tmp_path):
    pq.write_table(pa.table({"id": [1]}), tmp_path / "x.parquet")
    (tmp_path / "config.toml").write_text(f'[[dataset]]\nname = "a/b"\npath = "{tmp_path / "x.parquet"}"\n')
    run = subprocess.run([BINARY, "config", "--config", tmp_path / "config.toml"], capture_output=True, text=True)
    assert run.returncode != 0 and "without a slash" in run.stderr + run.stdout


def test_search_in_any_normal_form(serve, tmp_path):
    """Case 332: é as one character or as two is the same letter."""
    texts = ["Café", "Cafe\u0301", "ÉTUDE", "e\u0301tude", "cafe"]
    pq.write_table(pa.table({"id": range(5), "t": texts}), tmp_path / "t.parquet")
    server = serve(f"t={tmp_path / 't.parquet'}")
    for form in ("café", "cafe\u0301", "CAFÉ"):
        condition = {"t": {"op": "contains", "value": form}}
        assert [row[0] for row in rows_of(server, "t", filter=json.dumps(condition))] == [0, 1], form
    for form in ("étude", "e\u0301tude"):
        condition = {"t": {"op": "contains", "value": form}}
        assert [row[0] for row in rows_of(server, "t", filter=json.dumps(condition))] == [2, 3], form
