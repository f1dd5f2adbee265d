"""The data folder: whose it is, what is removed from it at the start, links to other disks, and older ones."""

import pathlib
import resource
import shutil
import subprocess
import tempfile

import pytest
from serving import BINARY, Server, wait_for
from test_collections import send, sql
from test_management import done

FIXTURE = pathlib.Path(__file__).parent / "fixtures/data-folder-1"


def tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def put(folder, names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"mine")


def commands(data, tmp_path):
    (tmp_path / "r.ndjson").write_text('{"id": "a"}\n')
    return [["serve", "--listen", "127.0.0.1:0"], ["ingest", tmp_path / "r.ndjson"], ["stats"], ["compact"],
            ["verify"], ["archive", "--before", "2026-W01"], ["restore"],
            ["backup", "--to", tmp_path / "copy"]]  # fmt: skip


@pytest.mark.parametrize("names", [
    ["cache/thesis.docx", "jobs/a/b.txt", "spill/notes"], ["parquet/flights.parquet"], ["README"],
    ["archive/old.zip", "schemas/own.xsd"],
])  # fmt: skip
def test_a_folder_of_others_is_refused_and_left_alone(tmp_path, names):
    """Case 212."""
    data = tmp_path / "data"
    put(data, names)
    before = tree(data)
    for command in commands(data, tmp_path):
        ended = subprocess.run([BINARY, *command, "--data", data], capture_output=True, text=True, timeout=60,
                               check=False)  # fmt: skip
        assert ended.returncode == 1 and str(data) in ended.stderr and "--data" in ended.stderr, (command, ended)
        assert tree(data) == before, command


def test_the_default_folder_is_looked_at_as_well(tmp_path):
    put(tmp_path / "data", ["own.csv"])
    ended = subprocess.run([BINARY, "serve", "--listen", "127.0.0.1:0"], capture_output=True, text=True, cwd=tmp_path,
                           timeout=60, check=False)  # fmt: skip
    assert ended.returncode == 1 and "nothing says that they are Canvasback's" in ended.stderr
    assert tree(tmp_path / "data") == {"own.csv": b"mine"}


def test_a_folder_of_a_later_version_is_left_alone(serve, tmp_path):
    server = serve()
    send(server, [{"id": "a"}])
    server.stop()
    data = server.folder / "data"
    assert (data / "canvasback.format").read_text().endswith("format = 1\n")
    (data / "canvasback.format").write_text("format = 2\n")
    before = tree(data)
    for command in commands(data, tmp_path):
        ended = subprocess.run([BINARY, *command, "--data", data], capture_output=True, text=True, timeout=60,
                               check=False)  # fmt: skip
        assert ended.returncode == 1 and "later version" in ended.stderr, (command, ended)
    assert tree(data) == before


def test_only_names_of_our_own_are_removed(serve, serve_in):
    server = serve()
    send(server, [{"id": "a"}])
    server.stop()
    data = server.folder / "data"
    ours = [f"cache/{'0a' * 32}.arrow", f"cache/{'0b' * 32}.part", "jobs/job-7", "jobs/job-8.part", "spill/worker-3/x",
            "spill/maintain-12/deep/y", "parquet/.writing-9.tmp"]  # fmt: skip
    others = ["cache/thesis.docx", f"cache/{'0a' * 32}", "cache/folder/x.arrow", "jobs/job-x", "jobs/job-",
              "jobs/notes", "spill/worker-/x", "spill/own/x", "spill/notes", "parquet/.writing-home.tmp",
              "own.txt"]  # fmt: skip
    put(data, ours + others)
    outside = server.folder / "outside"
    put(outside, ["kept"])
    (data / "spill/worker-99").symlink_to(outside)
    (data / f"cache/{'0c' * 32}.arrow").symlink_to(outside / "kept")
    again = serve_in(server.folder)
    assert sql(again, "SELECT id FROM all_records") == [{"id": "a"}]
    again.stop()
    assert not [name for name in ours if (data / name).exists()]
    assert [name for name in others if not (data / name).exists()] == []
    assert (data / "spill/worker-99").is_symlink() and (data / f"cache/{'0c' * 32}.arrow").is_symlink()
    assert (outside / "kept").read_bytes() == b"mine"


def test_folders_may_be_links_to_another_disk(serve_in, tmp_path):
    """A rename to another disk is none (EXDEV): blocks, jobs, spilled rows and archived weeks go there all the same."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        other = pathlib.Path(other)
        data = tmp_path / "data"
        data.mkdir()
        assert data.stat().st_dev != other.stat().st_dev
        # Blocks go from the one disk to the other.
        places = {name: other / name for name in ("cache", "jobs", "archive")} | {"spill": tmp_path / "spill elsewhere"}
        for name, place in places.items():
            put(place, ["of the owner"])
            (data / name).symlink_to(place)
        (data / "canvasback.format").write_text("format = 1\n")
        flags = ["--grace-s", "0", "--merge-after-s", "3600", "--memory", "1GB"]
        server = serve_in(tmp_path, flags=flags)
        send(server, [{"id": f"r{i}", "n": i, "timestamp": f"2025-0{1 + i % 9}-10T00:00:00Z"} for i in range(30_000)])
        done(server, "compact")
        for _ in range(3):
            assert server.page("all_records", limit=10, offset=20)["total_rows"] == 30_000
        assert wait_for(lambda: list((other / "cache").glob("*.arrow"))), "decoded blocks are kept there"
        started = server.ask("POST", "/api/v1/datasets/all_records/export", {"format": "csv"},
                             {"Prefer": "respond-async"})  # fmt: skip
        assert started.status == 202
        assert wait_for(lambda: [path for path in (other / "jobs").glob("job-*") if path.suffix != ".part"])
        moved = done(server, "archive", {"before": "2025-W20"})["files"]
        assert moved and {path.name for path in (other / "archive").glob("*.parquet")} == set(moved)
        assert server.value("SELECT count(*)::BIGINT FROM all_records") < 30_000
        assert set(done(server, "restore")["files"]) == set(moved)
        assert server.value("SELECT count(*)::BIGINT FROM all_records") == 30_000
        assert server.get("/api/v1/backup").status == 200
        server.stop()
        again = serve_in(tmp_path, flags=flags)
        assert again.value("SELECT count(*)::BIGINT FROM all_records") == 30_000
        again.stop()
        for name, place in places.items():
            assert (data / name).is_symlink() and (place / "of the owner").read_bytes() == b"mine"


def test_an_unpacked_backup_is_a_data_folder(serve, serve_in, tmp_path):
    server = serve()
    send(server, [{"id": "a"}])
    send(server, [{"id": "b"}], collection="other")
    subprocess.run([BINARY, "backup", "--server", server.url, "--to", tmp_path / "copy/data"], check=True,
                   capture_output=True)  # fmt: skip
    assert (tmp_path / "copy/data/canvasback.format").exists()
    (tmp_path / "copy/data/canvasback.format").unlink()  # as versions from before it made them
    again = serve_in(tmp_path / "copy")
    assert sql(again, "SELECT id FROM other") == [{"id": "b"}]
    assert (tmp_path / "copy/data/canvasback.format").exists()


def test_a_folder_from_before_the_format_file_opens_unchanged(tmp_path):
    """fixtures/data-folder-1 was written by the program before its files had checksums (see make.py there)."""
    data = tmp_path / "data"
    shutil.copytree(FIXTURE / "data", data)
    (data / ".lock").touch()
    before = {name: content for name, content in tree(data).items() if name.endswith((".parquet", ".ndjson"))}
    with Server(tmp_path, flags=["--merge-after-s", "3600", "--grace-s", "3600"]) as server:
        assert server.value("SELECT count(*)::BIGINT FROM all_records") == 8
        assert sql(server, "SELECT id, n, tags FROM all_records ORDER BY n") == [
            {"id": f"r{i}", "n": i, "tags": [f"t{i}"] if i % 2 else None} for i in range(4, 12)]  # fmt: skip
        assert sql(server, "SELECT id, name, age FROM people ORDER BY id") == [
            {"id": 1, "name": "Ada", "age": 37}, {"id": 3, "name": "Edsger", "age": 40},
            {"id": 4, "name": "Barbara", "age": 41}]  # fmt: skip
        assert server.get("/api/v1/records/people/2").status == 404
        again = server.ask("POST", "/ingest", b'{"id": 1, "name": "twin"}', {"Content-Type": "application/json"},
                           collection="people")  # fmt: skip
        assert (again.status, again.code) == (409, "DuplicateRecord")
        repeated = server.ask("POST", "/ingest", b'{"id": "twice"}', {"Idempotency-Key": "first"})
        assert repeated.json()["records_processed"] == 4
        assert server.value("SELECT count(*)::BIGINT FROM all_records") == 8
        for name, records in (("all_records", 8), ("people", 4)):
            verified = done(server, "verify", name=name)
            assert verified["problems"] == [] and verified["records"] >= records - 1, verified
        now = {name: content for name, content in tree(data).items() if name in before}
        assert now == before
        assert done(server, "restore")["files"]
        assert server.value("SELECT count(*)::BIGINT FROM all_records") == 12
        done(server, "compact")
        assert server.value("SELECT sum(n)::BIGINT FROM all_records") == sum(range(12))
        send(server, [{"id": "new", "n": 100}])
        assert server.value("SELECT count(*)::BIGINT FROM all_records") == 13


@pytest.mark.parametrize("part", ["", "/parquet"])
def test_a_collection_may_lie_elsewhere(serve_in, tmp_path, part):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        server = serve_in(tmp_path)
        send(server, [{"id": "1"}], path="/ingest?collection=far")
        server.stop()
        place = tmp_path / f"data/collections/far{part}"
        shutil.move(place, f"{other}/far")
        place.symlink_to(f"{other}/far")
        again = serve_in(tmp_path)
        assert again.get("/health").status == 200 and again.value("SELECT count(*)::BIGINT FROM far") == 1
        send(again, [{"id": "2"}], path="/ingest?collection=far")
        assert again.value("SELECT count(*)::BIGINT FROM far") == 2
        assert again.page("far", limit=5)["total_rows"] == 2
        assert again.ask("POST", "/api/v1/collections/far/compact").status == 200
        assert again.value("SELECT count(*)::BIGINT FROM far") == 2
        again.stop()


def test_bad_records_may_go_to_another_disk(serve_in, tmp_path):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        (tmp_path / "data").mkdir()
        (tmp_path / "data/quarantine").symlink_to(other)
        (tmp_path / "data/canvasback.format").write_text("format = 1\n")
        server = serve_in(tmp_path)
        for number in (1, 2):
            kept = send(server, b'{"n": %d}\n{bad\n' % number, path="/ingest?on_error=quarantine")
            assert kept["quarantined"] == 1, kept
        assert server.value("SELECT count(*)::BIGINT FROM all_records") == 2
        assert sorted(path.read_bytes() for path in pathlib.Path(other).glob("commit_*.ndjson"))
        assert server.get("/health").status == 200


def test_emptying_leaves_a_link_a_link(serve_in, tmp_path):
    """Its folder and the trash are on two disks, which no exchange is for: told, and nothing is changed."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        (tmp_path / "data").mkdir()
        (tmp_path / "data/parquet").symlink_to(other)
        (tmp_path / "data/canvasback.format").write_text("format = 1\n")
        server = serve_in(tmp_path)
        send(server, [{"n": 1}])
        assert server.ask("POST", "/api/v1/collections/all_records/empty").status == 503
        assert (tmp_path / "data/parquet").is_symlink() and server.get("/api/v1/trash").json()["entries"] == []
        send(server, [{"n": 2}])
        assert server.value("SELECT count(*)::BIGINT FROM all_records") == 2


def test_a_limit_of_a_files_size_ends_nothing(serve_in, tmp_path):
    """A signal says that a file is too large, and would end the program: it is an error of that file alone."""
    server = serve_in(tmp_path)
    send(server, [{"n": number, "text": "x" * 1000} for number in range(2000)])
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (100_000, 100_000))
    started = server.ask("POST", "/api/v1/datasets/all_records/export", {"format": "csv"},
                         {"Prefer": "respond-async"})  # fmt: skip
    job = started.headers["location"]
    wait_for(lambda: server.get(job).json()["state"] in ("failed", "done"))
    assert server.get(job).json()["state"] == "failed" and server.alive
    assert server.value("SELECT count(*)::BIGINT FROM all_records") == 2000
