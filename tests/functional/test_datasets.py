"""Datasets: how paths become tables, every kind of file, schemas that differ, and what /datasets says about them."""

import gzip
import json
import lzma
import subprocess

import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet
import pytest
from serving import BINARY


def write_parquet(path, **columns):
    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(pa.table(columns), path)
    return path


def write_text(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


TABLE = pa.table({"id": [1, 2, 3], "name": ["a", None, "ü,\"x\""], "at": pa.array([0, -1, None], pa.timestamp("us"))})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("sets")
    for number in range(3):
        write_parquet(out / f"days/day-{number}.parquet", id=[number * 2, number * 2 + 1])
    write_parquet(out / "days/.hidden.parquet", id=[99])
    write_parquet(out / "days/_tmp/x.parquet", id=[99])
    (out / "days/readme.txt").write_text("not data")
    for year in (2023, 2024):
        for month in (1, 12):
            write_parquet(out / f"hive/year={year}/month={month}/part.parquet", id=[year * 100 + month])
    write_parquet(out / "mixed/a.parquet", id=[1, 2], x=["a", "b"])
    write_parquet(out / "mixed/b.parquet", x=["c"], id=[3])
    write_parquet(out / "mixed/c.parquet", id=pa.array([4], pa.int32()), y=[1.5])
    write_parquet(out / "clash/a.parquet", id=[1])
    write_parquet(out / "clash/b.parquet", id=["text"])
    write_parquet(out / "strange name (1).parquet", id=[1])
    write_parquet(out / "empty_rows.parquet", id=pa.array([], pa.int64()))
    write_text(out / "plain.csv", 'id,name,at\n1,a,1970-01-01 00:00:00\n2,,1969-12-31 23:59:59.999999\n3,"ü,""x""",\n')
    write_text(out / "zipped.csv.gz", "id,name\n1,a\n2,b\n")
    write_text(out / "tabs.tsv", "id\tname\n1\ta b\n")
    write_text(out / "lines.ndjson", '{"id": 1, "o": {"a": [1, 2]}}\n{"id": 2, "o": null, "late": "x"}\n')
    write_text(out / "lines2.jsonl.gz", '{"id": 1}\n{"id": 2}\n')
    write_text(out / "array.json", '[{"id": 1, "name": "é"}, {"id": 9007199254740993}]')
    write_text(out / "days_csv/a.csv", "id,x\n1,a\n")
    write_text(out / "days_csv/b.csv", "x,id\nb,2\n")
    with pa.OSFile(str(out / "stream.arrows"), "wb") as file, pyarrow.ipc.new_stream(file, TABLE.schema) as writer:
        writer.write_table(TABLE, max_chunksize=2)
    options = pyarrow.ipc.IpcWriteOptions(compression="zstd")
    with pa.OSFile(str(out / "file.arrow"), "wb") as file, pyarrow.ipc.new_file(file, TABLE.schema,
                                                                                  options=options) as writer:
        writer.write_table(TABLE)
    pyarrow.feather.write_feather(TABLE, str(out / "lz4.feather"), compression="lz4")
    coded = pa.table({"id": [1, 2, 3], "code": pa.array(["x", "y", "x"]).dictionary_encode()})
    with pa.OSFile(str(out / "coded.arrow"), "wb") as file, pyarrow.ipc.new_file(file, coded.schema) as writer:
        writer.write_table(coded)
    (out / "link.parquet").symlink_to(out / "days/day-1.parquet")
    return out


@pytest.fixture(scope="module")
def server(serve_module, folder):
    paths = ["days", f"glob={folder}/days/day-[12].parquet", f"deep={folder}/**/part.parquet", "hive", "mixed", "clash",
             "empty_rows.parquet", "plain.csv", "zipped.csv.gz", "tabs.tsv", "lines.ndjson", "lines2.jsonl.gz",
             "array.json", "stream.arrows", "file.arrow", "lz4.feather", "coded.arrow", "link.parquet", "days_csv",
             f"nosuch={folder}/nosuch.parquet", f"odd={folder}/strange name (1).parquet"]  # fmt: skip
    return serve_module(*paths, cwd=folder)


def rows(server, name, **parameters):
    return server.page(name, **parameters)["rows"]


def listed(server):
    return {entry["name"]: entry for entry in server.get("/api/v1/datasets").json()["datasets"]}


def test_the_list(server):
    found = listed(server)
    kinds = {name: entry.get("kind") for name, entry in found.items()}
    assert kinds == {
        "days": "parquet", "glob": "parquet", "deep": "parquet", "hive": "parquet", "mixed": "parquet",
        "clash": kinds["clash"], "empty_rows": "parquet", "plain": "csv", "zipped": "csv", "tabs": "csv",
        "lines": "json", "lines2": "json", "array": "json", "stream": "arrow", "file": "arrow", "lz4": "arrow",
        "coded": "arrow", "link": "parquet", "days_csv": "csv", "nosuch": None, "odd": "parquet"}  # fmt: skip
    for name, entry in found.items():
        assert name in ("nosuch", "clash") or "error" not in entry, entry
    assert found["nosuch"]["error"]["code"] == "DatasetNotFound"
    assert (found["days"]["rows"], found["days"]["files"], found["days"]["row_groups"]) == (6, 3, 3)
    assert found["days"]["bytes"] > 0


def test_a_folder_is_its_files_in_order(server):
    assert rows(server, "days") == [[i] for i in range(6)]
    assert rows(server, "glob") == [[2], [3], [4], [5]]
    assert rows(server, "link") == [[2], [3]]
    assert rows(server, "odd") == [[1]]
    assert rows(server, "empty_rows") == []


def test_the_detail(server):
    detail = server.get("/api/v1/datasets/days").json()
    assert detail["columns"] == [{"name": "id", "type": "BIGINT", "min": "0", "max": "5", "null_count": 0}]
    assert [file["path"].rsplit("/", 1)[1] for file in detail["file_list"]] == [f"day-{i}.parquet" for i in range(3)]
    assert all(file["rows"] == 2 and file["modified"].endswith("Z") for file in detail["file_list"])
    assert detail["performance_metrics"]["duration_ms"] >= 0


def test_hive_folders_become_columns(server):
    page = server.page("hive", sort="id")
    assert [column["name"] for column in page["columns"]] == ["id", "month", "year"] or (
        [column["name"] for column in page["columns"]] == ["id", "year", "month"])  # fmt: skip
    got = rows(server, "hive", columns="id,year,month", sort="id")
    assert got == [[202301, 2023, 1], [202312, 2023, 12], [202401, 2024, 1], [202412, 2024, 12]]
    assert rows(server, "hive", columns="id", filter={"year": 2024, "month": 12}) == [[202412]]
    assert rows(server, "hive", columns="year,id", limit=1) == [[2023, 202301]]
    assert server.sql("SELECT sum(year) FROM hive").json()["rows"] == [["8094"]]
    detail = {column["name"]: column["type"] for column in server.get("/api/v1/datasets/hive").json()["columns"]}
    assert detail["year"] == "BIGINT"
    assert [row[0] for row in rows(server, "deep", columns="id")] == [202301, 202312, 202401, 202412]


@pytest.mark.parametrize("parameters", ({}, {"sort": "id"}, {"limit": 10}))
def test_schemas_that_differ_are_united_by_name(server, parameters):
    page = server.page("mixed", **parameters)
    assert [column["name"] for column in page["columns"]] == ["id", "x", "y"]
    assert page["rows"] == [[1, "a", None], [2, "b", None], [3, "c", None], [4, None, 1.5]]
    assert server.sql("SELECT * FROM mixed ORDER BY id").json()["rows"] == page["rows"]


def test_schemas_that_clash(server):
    """Numbers in one file, text in the other: a column each, and told; never half of the rows."""
    page = server.page("clash")
    names = [column["name"] for column in page["columns"]]
    assert [name.endswith("__string") for name in names] == [False, True], names
    assert page["rows"] == [[1, None], [None, "text"]]
    assert server.get("/api/v1/datasets/clash").json()["notes"]


@pytest.mark.parametrize("name", ("stream", "file", "lz4", "plain"))
def test_arrow_and_csv_hold_the_same_table(server, name):
    wanted = [[1, "a", "1970-01-01T00:00:00"], [2, None, "1969-12-31T23:59:59.999999"], [3, 'ü,"x"', None]]
    assert rows(server, name) == wanted
    assert server.sql(f"SELECT * FROM {name} ORDER BY id").json()["rows"] == wanted
    assert rows(server, name, sort="-id", limit=1, columns="id") == [[3]]
    assert rows(server, name, filter={"name": 'ü,"x"'}, columns="id") == [[3]]
    assert listed(server)[name]["rows"] == 3


def test_dictionaries_of_arrow_files(server):
    assert rows(server, "coded") == [[1, "x"], [2, "y"], [3, "x"]]
    assert server.sql("SELECT code, count(*) FROM coded GROUP BY 1 ORDER BY 1").json()["rows"] == [["x", 2], ["y", 1]]


def test_text_files(server):
    assert rows(server, "zipped") == [[1, "a"], [2, "b"]]
    assert rows(server, "tabs") == [[1, "a b"]]
    assert rows(server, "lines") == [[1, {"a": [1, 2]}, None], [2, None, "x"]]
    assert rows(server, "lines2") == [[1], [2]]
    assert rows(server, "array") == [[1, "é"], ["9007199254740993", None]]
    assert sorted(rows(server, "days_csv", columns="id,x")) == [[1, "a"], [2, "b"]]


def test_every_dataset_in_every_format(server):
    for name in listed(server):
        if name in ("nosuch", "clash"):
            continue
        count = len(rows(server, name))
        for format_ in ("json", "ndjson", "csv", "arrow", "arrow_file", "parquet"):
            answer = server.get(f"/api/v1/datasets/{name}/export", format=format_)
            assert answer.status == 200, (name, format_, answer.body)
            if format_ == "ndjson":
                assert len(answer.body.splitlines()) == count
            if format_ == "parquet":
                assert pyarrow.parquet.read_table(pa.BufferReader(answer.body)).num_rows == count


def test_joins_across_kinds(server):
    sql = "SELECT count(*) FROM days JOIN plain USING (id) JOIN file USING (id) JOIN \"array\" USING (id)"
    assert server.value(sql) == 1
    assert server.value("SELECT count(*) FROM Days, DAYS b") == 36


def test_a_dataset_that_is_not_there(server):
    answer = server.rows("nosuch")
    assert (answer.status, answer.code) == (404, "DatasetNotFound")
    assert server.sql("SELECT * FROM nosuch").status in (400, 403, 404)
    assert server.get("/health").json()["datasets"]["broken"] >= 1


@pytest.mark.parametrize("paths", [["days", "other/days"], ["x=days", "x=hive"], ["..=days"], ["a=", ], [""],
                                   ["unknown.xyz"], ["mixed_kinds"]])  # fmt: skip
def test_paths_that_make_no_sense(folder, tmp_path, paths):
    """A server either says at once what is wrong, or serves and shows the error with the dataset."""
    (folder / "other/days").mkdir(parents=True, exist_ok=True)
    (folder / "unknown.xyz").write_text("?")
    write_text(folder / "mixed_kinds/a.csv", "a\n1\n")
    write_parquet(folder / "mixed_kinds/b.parquet", a=[1])
    done = subprocess.run([BINARY, "datasets", *paths, "--format", "json"], cwd=folder, capture_output=True, timeout=60)
    assert done.returncode in (1, 2) and done.stderr and not done.stdout, done
    assert b"terminate" not in done.stderr


def test_formats_that_are_not_known_yet(folder, serve):
    (folder / "x.parquet.xz").write_bytes(lzma.compress(b"PAR1"))
    server = serve(f"x={folder}/x.parquet.xz")
    assert server.rows("x").status in (400, 404) and json.loads(server.rows("x").body)["code"]
