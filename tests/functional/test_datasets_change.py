"""Files that change while the server runs: replaced, appended to a folder, deleted, made anew, grown in place.

The server looks at its files every two seconds; the tests wait for what they expect, up to ten.
"""

import http.client
import threading
import time

import pyarrow as pa
import pyarrow.parquet
import pytest
from serving import wait_for

LOOK_SECONDS = 10


def write(path, values, **options):
    """A Parquet file of one column, put in place by rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".{path.name}.new"
    pyarrow.parquet.write_table(pa.table({"id": values}), temporary, **options)
    temporary.rename(path)


def ids(server, name):
    answer = server.rows(name)
    return [row[0] for row in answer.json()["rows"]] if answer.status == 200 else answer.code


def becomes(server, name, wanted):
    wait_for(lambda: ids(server, name) == wanted, LOOK_SECONDS)
    if isinstance(wanted, list):
        wait_for(lambda: server.page(name, limit=1)["total_rows"] == len(wanted), LOOK_SECONDS)
        assert server.value(f"SELECT count(*) FROM {name}") == len(wanted)


def test_one_file(serve, tmp_path):
    path = tmp_path / "one.parquet"
    write(path, [1, 2, 3])
    server = serve(path)
    assert ids(server, "one") == [1, 2, 3]
    first = server.page("one", limit=1)["next"]
    version = server.get("/api/v1/datasets/one").json()["version"]
    write(path, [7, 8])
    becomes(server, "one", [7, 8])
    assert server.get("/api/v1/datasets/one").json()["version"] != version
    refused = server.rows("one", after=first, limit=1)
    assert (refused.status, refused.code) == (410, "CursorExpired")
    path.unlink()
    becomes(server, "one", "DatasetNotFound")
    assert server.sql("SELECT * FROM one").status in (400, 403, 404)
    write(path, [9])
    becomes(server, "one", [9])


def test_another_schema(serve, tmp_path):
    path = tmp_path / "one.parquet"
    write(path, [1])
    server = serve(path)
    assert server.value("SELECT id + 1 FROM one") == 2
    write(path, ["a", "b"])
    becomes(server, "one", ["a", "b"])
    assert server.value("SELECT max(id) || '!' FROM one") == "b!"


def test_a_folder(serve, tmp_path):
    folder = tmp_path / "days"
    write(folder / "b.parquet", [2])
    server = serve(folder)
    assert ids(server, "days") == [2]
    write(folder / "c.parquet", [3])
    becomes(server, "days", [2, 3])
    write(folder / "a.parquet", [1])
    write(folder / "deeper/d.parquet", [4])
    becomes(server, "days", [1, 2, 3, 4])
    (folder / "b.parquet").unlink()
    becomes(server, "days", [1, 3, 4])
    for path in list(folder.rglob("*.parquet")):
        path.unlink()
    becomes(server, "days", "DatasetNotFound")


def test_a_folder_that_comes_later(serve, tmp_path):
    server = serve(f"later={tmp_path}/later", f"star={tmp_path}/later/*.parquet")
    assert ids(server, "later") == "DatasetNotFound"
    write(tmp_path / "later/x.parquet", [5])
    becomes(server, "later", [5])
    becomes(server, "star", [5])


def test_a_folder_replaced_by_another(serve, tmp_path):
    write(tmp_path / "now/a.parquet", [1])
    write(tmp_path / "next/a.parquet", [2, 3])
    server = serve(tmp_path / "now")
    assert ids(server, "now") == [1]
    (tmp_path / "now").rename(tmp_path / "old")
    (tmp_path / "next").rename(tmp_path / "now")
    becomes(server, "now", [2, 3])


def test_a_link_that_moves(serve, tmp_path):
    write(tmp_path / "v1.parquet", [1])
    write(tmp_path / "v2.parquet", [2])
    link = tmp_path / "current.parquet"
    link.symlink_to("v1.parquet")
    server = serve(link)
    assert ids(server, "current") == [1]
    (tmp_path / "new").symlink_to("v2.parquet")
    (tmp_path / "new").rename(link)
    becomes(server, "current", [2])


def test_text_files_that_grow(serve, tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("id\n1\n")
    server = serve(path)
    assert ids(server, "log") == [1]
    with path.open("a") as file:
        file.write("2\n3\n")
    becomes(server, "log", [1, 2, 3])


def test_a_file_that_becomes_broken_and_well_again(serve, tmp_path):
    path, other = tmp_path / "one.parquet", tmp_path / "other.parquet"
    write(path, [1])
    write(other, [5])
    server = serve(path, other)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    wait_for(lambda: server.rows("one").status != 200, LOOK_SECONDS)
    assert server.rows("one").code == "InvalidData" and ids(server, "other") == [5]
    path.write_bytes(data)
    becomes(server, "one", [1])


@pytest.mark.parametrize("kind", ("rows", "sql"))
def test_readers_while_a_file_is_replaced(serve, tmp_path, kind):
    """Every answer is one whole version of the file or a clean error; never a mixture."""
    path = tmp_path / "one.parquet"
    versions = [[number] * 40_000 for number in range(5)]
    write(path, versions[0], row_group_size=1000)
    server = serve(path)
    seen, problems, stop = [], [], threading.Event()

    def read():
        while not stop.is_set():
            try:
                if kind == "rows":
                    answer = server.rows("one", format="ndjson")
                else:
                    answer = server.sql("SELECT * FROM one", format="ndjson")
            except (http.client.IncompleteRead, ConnectionResetError):
                continue  # it changed after the first byte: a visible break
            if answer.status >= 500:
                problems.append(answer.body)
            seen.append((answer.status, len(set(answer.body.split(b"\n")[:-1])), answer.body.count(b"\n")))

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for values in versions[1:]:
        write(path, values, row_group_size=1000)
        time.sleep(0.7)  # the changes must fall into the midst of reads, not after them
    stop.set()
    for thread in threads:
        thread.join()
    assert len(seen) > 5
    wrong = [got for got in seen if got != (200, 1, 40_000) and not (400 <= got[0] < 600 and got[0] != 500)]
    assert not wrong, f"(status, versions, rows) of {len(wrong)} in {len(seen)} answers: {wrong[:5]} {problems[:2]}"
    becomes(server, "one", versions[-1])
