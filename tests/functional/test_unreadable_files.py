"""Files of a collection that cannot be read: they are never taken for files that are not there.

A collection with such a file answers 503 that names it, writes nothing, and goes on by itself once the file can be read
again or was moved away; one that the other files make up for changes nothing.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tarfile

import pytest
from serving import BINARY, Server, wait_for

NDJSON = {"Content-Type": "application/x-ndjson"}
ARCHIVE = "/api/v1/collections/all_records/archive"


def send(server, records, **query):
    body = "".join(json.dumps(record) + "\n" for record in records).encode()
    answer = server.ask("POST", "/ingest", body, NDJSON, **query)
    assert answer.status == 200, answer.body[:800]
    return answer.json()


def thousand(number):
    return [{"id": f"r{number}-{i}", "n": number} for i in range(1000)]


def parquet(server):
    return server.folder / "data/parquet"


def names(folder, pattern):
    return sorted(path.name for path in folder.glob(pattern))


def count(server, collection="all_records"):
    return server.value(f"SELECT count(*) FROM {collection}")


def start_again(server, **options):
    server.stop()
    return Server(server.folder, **options)


# Ways in which a file cannot be read, for root as well. Each gives what undoes it.
def denied(path):
    if os.geteuid() != 0:
        path.chmod(0)
        return lambda: path.chmod(0o644)
    aside = path.rename(path.with_suffix(".aside"))
    path.symlink_to(path.name)  # a link to itself: ELOOP, whoever asks

    def undo():
        path.unlink()
        aside.rename(path)

    return undo


def a_folder(path):
    aside = path.rename(path.with_suffix(".aside"))
    path.mkdir()

    def undo():
        path.rmdir()
        aside.rename(path)

    return undo


def link_to_nothing(path):
    aside = path.rename(path.with_suffix(".aside"))
    path.symlink_to("nowhere")

    def undo():
        path.unlink()
        aside.rename(path)

    return undo


def changed(path, change):
    whole = path.read_bytes()
    path.write_bytes(change(whole))

    def undo():
        path.write_bytes(whole)

    return undo


def no_footer(path):
    return changed(path, lambda whole: whole[:-20])


def damaged_footer(path):
    return changed(path, lambda whole: whole[:-60] + b"\0" * 40 + whole[-20:])


def of_another(path):
    return changed(path, lambda _: pathlib.Path(SAMPLE).read_bytes())


def empty(path):
    return changed(path, lambda _: b"")


SAMPLE = pathlib.Path(__file__).resolve().parents[2] / ".deps/data/flights-3m.parquet"
WAYS = [denied, a_folder, link_to_nothing, no_footer, damaged_footer, empty]


def assert_blocked(server, name, collection="all_records"):
    """Whatever is asked of the collection, the answer is 503 and names the file."""
    health = server.get("/health")
    assert health.status == 503 and health.json()["status"] == "failing", health.body
    assert [entry["name"] for entry in health.json()["collections_blocked"]] == [collection]
    assert name in health.json()["collections_blocked"][0]["error"]
    entry = next(each for each in server.get("/api/v1/datasets").json()["datasets"] if each["name"] == collection)
    assert name in entry["error"]["message"] and "moved out of its folder" in entry["error"]["message"]
    record = b'{"id": "new"}\n'
    work = f"/api/v1/collections/{collection}"
    for answer in (
        server.ask("POST", "/ingest", record, NDJSON, collection=collection),
        server.ask("POST", "/ingest/file", record, NDJSON, collection=collection),
        server.sql(f"SELECT count(*) FROM {collection}"),
        server.ask("POST", "/query/sql", {"sql": f"SELECT count(*) FROM {collection}"}),
        server.rows(collection),
        server.get(f"/api/v1/datasets/{collection}/export", format="csv"),
        server.get(f"/api/v1/datasets/{collection}/profile"),
        server.get("/query/recent", collection=collection),
        server.get("/query/id/r1-1", collection=collection),
        server.ask("POST", "/query/search", {"query": "r1"}, collection=collection),
        server.get("/statistics", collection=collection),
        server.get("/api/v1/backup"),
        server.ask("POST", "/api/v1/backup"),
        server.ask("POST", f"{work}/compact"),
        server.ask("POST", f"{work}/archive", {"before": "2100-W01"}),
        server.ask("POST", f"{work}/restore", {}),
        server.ask("POST", "/api/v1/schemas", {"name": collection, "primary_key": [], "fields": []}),
    ):
        assert (answer.status, answer.code) == (503, "Unavailable"), answer.body[:500]
        assert name in answer.json()["detail"], answer.body
    verified = server.ask("POST", f"{work}/verify").json()["result"]
    assert name in [problem["file"] for problem in verified["problems"]]


def assert_well(server):
    health = wait_for(lambda: (answer := server.get("/health")).status == 200 and answer)
    assert "collections_blocked" not in health.json()
    return server


@pytest.mark.parametrize("break_it", WAYS)
def test_a_commit_that_cannot_be_read_at_the_start(serve, break_it):
    server = serve(flags=["--merge-after-s", "3600"])
    for number in range(3):
        send(server, thousand(number))
    server.stop()
    last = sorted(parquet(server).glob("commit_*.parquet"))[-1]
    undo = break_it(last)
    with Server(server.folder) as again:
        assert_blocked(again, last.name)
        assert len(names(parquet(server), "commit_*.parquet")) == 3
        undo()
        assert_well(again)
        assert count(again) == 3000
        send(again, [{"id": "new"}])
        assert count(again) == 3001
    with Server(server.folder) as again:
        assert count(again) == 3001


@pytest.mark.parametrize("break_it", [*WAYS, of_another])
def test_a_part_that_cannot_be_read_at_the_start(serve, break_it):
    server = serve()
    for number in range(3):
        send(server, thousand(number))
    assert server.ask("POST", "/api/v1/collections/all_records/compact").status == 200
    server.stop()
    (part,) = parquet(server).glob("*.parquet")
    undo = break_it(part)
    with Server(server.folder) as again:
        assert_blocked(again, part.name)
        undo()
        assert_well(again)
        assert count(again) == 3000


def test_statements_that_do_not_read_it_are_answered(serve):
    """It is the tables of a statement that count, not its words."""
    server = serve(flags=["--merge-after-s", "3600"])
    send(server, thousand(0))
    send(server, [{"id": "1", "all_records": 5}], collection="others")
    server.stop()
    (commit,) = parquet(server).glob("commit_*.parquet")
    undo = a_folder(commit)
    with Server(server.folder) as again:
        assert again.value("SELECT all_records FROM others") == 5
        assert again.value("SELECT 'all_records' /* all_records */") == "all_records"
        assert again.value("WITH all_records AS (SELECT 7 AS n) SELECT n FROM all_records") == 7
        for statement in ("SELECT 1 FROM ALL_RECORDS", "SELECT 1 FROM others, (SELECT * FROM main.all_records)"):
            refused = again.sql(statement)
            assert (refused.status, refused.code) == (503, "Unavailable") and commit.name.encode() in refused.body
        undo()
        assert_well(again)
        assert again.value("SELECT count(*) FROM all_records") == 1000


def test_numbers_are_not_used_again_after_a_part_was_moved_away(serve):
    server = serve()
    for number in range(3):
        send(server, thousand(number)[:333])
    assert server.ask("POST", "/api/v1/collections/all_records/compact").status == 200
    server.stop()
    (part,) = parquet(server).glob("*.parquet")
    aside = server.folder / part.name
    part.rename(aside)
    with Server(server.folder) as again:
        for number in range(10):
            send(again, [{"id": f"new{number}"}])
        assert count(again) == 10
        again.process.send_signal(signal.SIGKILL)
        again.process.wait()
    with Server(server.folder) as again:
        for number in range(10, 20):
            send(again, [{"id": f"new{number}"}])
        aside.rename(part)
        wait_for(lambda: count(again) == 999 + 20)
    with Server(server.folder) as again:
        assert count(again) == 999 + 20


@pytest.mark.parametrize("note", ["missing", "damaged"])
def test_numbers_are_not_used_again_where_the_note_of_them_is_gone(serve, note):
    server = serve()
    send(server, thousand(1))
    assert server.ask("POST", "/api/v1/collections/all_records/compact").status == 200
    server.stop()
    (part,) = parquet(server).glob("*.parquet")
    numbers = parquet(server) / ".commit-numbers"
    if note == "missing":
        numbers.unlink()
    else:
        numbers.write_bytes(numbers.read_bytes().replace(b"1", b"0"))
    undo = denied(part)
    aside = server.folder / part.name
    with Server(server.folder) as again:
        assert_blocked(again, part.name)
        undo()
        part.rename(aside)
        assert_well(again)
        for number in range(5):
            send(again, [{"id": f"new{number}"}])
        assert count(again) == 5
        aside.rename(part)
        wait_for(lambda: count(again) == 1005)


def test_a_commit_is_moved_away_and_back_while_the_server_runs(serve):
    server = serve(flags=["--merge-after-s", "3600"])
    for number in range(3):
        send(server, thousand(number))
    last = sorted(parquet(server).glob("commit_*.parquet"))[-1]
    aside = server.folder / last.name
    last.rename(aside)
    wait_for(lambda: count(server) == 2000)
    server = start_again(server)
    with server:
        send(server, [{"id": "new"}])
        assert not last.exists(), "its number is not given to another"
        aside.rename(last)
        wait_for(lambda: count(server) == 3001)


@pytest.mark.parametrize("break_it", [denied, damaged_footer, a_folder])
def test_a_file_that_cannot_be_read_any_more_while_the_server_runs(serve, break_it):
    server = serve(flags=["--merge-after-s", "3600"])
    send(server, thousand(1))
    send(server, thousand(2))
    first = sorted(parquet(server).glob("commit_*.parquet"))[0]
    undo = break_it(first)
    wait_for(lambda: server.get("/health").status == 503)
    assert_blocked(server, first.name)
    undo()
    assert_well(server)
    assert count(server) == 2000
    undo = break_it(first)
    wait_for(lambda: server.get("/health").status == 503)
    shutil.rmtree(first) if break_it is a_folder else first.unlink()
    assert_well(server)
    assert count(server) == 1000


def test_the_others_are_read_where_that_is_asked_for(serve):
    server = serve(flags=["--merge-after-s", "3600"])
    send(server, thousand(1))
    send(server, thousand(2))
    send(server, [{"id": "x"}], collection="other")
    server.stop()
    first = sorted(parquet(server).glob("commit_*.parquet"))[0]
    undo = denied(first)
    with Server(server.folder) as again:
        page = again.rows("all_records", on_unreadable="skip", limit=2000)
        document = page.json()
        assert page.status == 200 and len(document["rows"]) == 1000
        assert (document["total_exact"], document["left_out"]) == (False, [first.name])
        assert (page.headers["x-left-out"], page.headers["x-total-exact"]) == (first.name, "false")
        export = again.get("/api/v1/datasets/all_records/export", format="csv", on_unreadable="skip")
        assert export.status == 200 and len(export.body.splitlines()) == 1001
        assert (export.headers["x-left-out"], export.headers["x-total-exact"]) == (first.name, "false")
        for sql, value in (("SELECT count(*) FROM all_records", 1000), ("SELECT count(*) FROM other", 1)):
            answer = again.ask("POST", "/api/v1/query", {"sql": sql}, on_unreadable="skip")
            assert (answer.status, answer.json()["rows"]) == (200, [[value]]), answer.body
            assert ("left_out" in answer.json()) == (value == 1000)
            assert answer.headers.get("x-left-out") == (first.name if value == 1000 else None)
        assert again.rows("all_records", on_unreadable="maybe").code == "InvalidData"
        # What is said of one collection is no other's trouble.
        send(again, [{"id": "y"}], collection="other")
        assert again.value("SELECT count(*) FROM other") == 2
        undo()
        assert_well(again)
        page = again.rows("all_records", on_unreadable="skip", limit=10)
        assert page.json()["total_exact"] and "left_out" not in page.json() and "x-left-out" not in page.headers


def test_keys_of_a_file_that_cannot_be_read_are_not_given_away(serve):
    server = serve()
    schema = {"name": "people", "primary_key": ["k"], "fields": [{"name": "k", "type": "string"}]}
    assert server.ask("POST", "/api/v1/schemas", schema).status in (200, 201)
    path, folder = "/api/v1/records", server.folder / "data/collections/people/parquet"
    for key in ("a", "b"):
        assert server.ask("POST", path, {"k": key}, schema="people").status == 201
    server.stop()
    first = sorted(folder.glob("commit_*.parquet"))[0]
    undo = denied(first)
    with Server(server.folder) as again:
        for answer in (
            again.ask("POST", path, {"k": "a"}, schema="people"),
            again.ask("POST", path, {"k": "c"}, schema="people"),
            again.get(f"{path}/people/a"),
            again.get(f"{path}/people/b"),
            again.ask("DELETE", f"{path}/people/b"),
            again.ask("PUT", f"{path}/people/b", {"k": "b"}),
            again.ask("PATCH", f"{path}/people/b", {"v": 1}),
            again.ask("DELETE", "/api/v1/schemas/people"),
        ):
            assert answer.status == 503 and first.name in answer.json()["detail"], answer.body
        undo()
        assert_well(again)
        assert again.ask("POST", path, {"k": "a"}, schema="people").status == 409
        assert again.get(f"{path}/people/a").status == 200


def test_what_the_others_make_up_for_does_not_block(serve):
    server = serve(flags=["--merge-after-s", "1"])
    for number in range(3):
        send(server, [{"id": f"r{number}"}])
    (part,) = wait_for(lambda: list(parquet(server).glob("data_*.parquet")))
    wait_for(lambda: names(parquet(server), ".merge-*"))
    commits = names(parquet(server), "commit_*.parquet")
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    assert len(commits) == 3, "what was merged stays for a while"
    denied(parquet(server) / commits[0])  # a part covers it
    with Server(server.folder) as again:
        assert again.get("/health").status == 200
        assert count(again) == 3
        assert names(parquet(server), ".merge-*") == []
    assert part.exists() and names(parquet(server), "commit_*.parquet") == []


@pytest.mark.parametrize("break_it", WAYS)
def test_a_part_whose_sources_are_there_does_not_block(serve, break_it):
    server = serve(flags=["--merge-after-s", "1"])
    for number in range(3):
        send(server, [{"id": f"r{number}"}])
    (part,) = wait_for(lambda: list(parquet(server).glob("data_*.parquet")))
    wait_for(lambda: count(server) == 3)
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    break_it(part)
    with Server(server.folder) as again:
        assert again.get("/health").status == 200, again.get("/health").body
        assert count(again) == 3
        assert not part.exists() and names(parquet(server), f".unreadable-*{part.name}")
        assert again.ask("POST", "/api/v1/collections/all_records/compact").status == 200
        assert count(again) == 3
    with Server(server.folder) as again:
        assert count(again) == 3


def test_an_archived_week_that_cannot_be_read(serve):
    server = serve()
    send(server, [{"id": "old", "timestamp": "2025-01-06T00:00:00Z"}, {"id": "new"}])
    assert server.ask("POST", ARCHIVE, {"before": "2025-W30"}).json()["result"]["files"] == ["data_2025_w02.parquet"]
    server.stop()
    undo = denied(server.folder / "data/archive/data_2025_w02.parquet")
    with Server(server.folder) as again:
        assert_blocked(again, "data_2025_w02.parquet")
        undo()
        assert_well(again)
        assert count(again) == 1
        assert again.ask("POST", "/api/v1/collections/all_records/restore", {}).status == 200
        assert count(again) == 2


def test_a_name_that_is_taken_in_the_archive_stops_no_other_week(serve):
    server = serve()
    weeks = ["2025-01-06", "2025-01-13", "2025-01-20"]
    send(server, [{"id": day, "timestamp": f"{day}T00:00:00Z"} for day in weeks])
    assert server.ask("POST", "/api/v1/collections/all_records/compact").status == 200
    (server.folder / "data/archive").mkdir(exist_ok=True)
    clash = "data_2025_w03.parquet"
    shutil.copy(parquet(server) / clash, server.folder / "data/archive" / clash)
    moved = server.ask("POST", ARCHIVE, {"before": "2025-W30"}).json()["result"]
    assert moved["files"] == ["data_2025_w02.parquet", "data_2025_w04.parquet"]
    assert [(entry["file"], clash in entry["problem"]) for entry in moved["skipped"]] == [(clash, True)]
    assert count(server) == 1
    alone = server.ask("POST", ARCHIVE, {"before": "2025-W30"})
    assert alone.status == 503 and clash in alone.json()["detail"]
    (server.folder / "data/archive" / clash).unlink()
    assert server.ask("POST", ARCHIVE, {"before": "2025-W30"}).json()["result"]["files"] == [clash]
    assert count(server) == 0


def test_an_archive_on_another_disk(serve):
    """A link to a folder elsewhere; where the test may not mount one, file_test.cpp has what differs."""
    server = serve()
    elsewhere = pathlib.Path("/dev/shm") / f"canvasback-archive-{os.getpid()}"
    elsewhere.mkdir()
    try:
        server.stop()
        archive = server.folder / "data/archive"
        shutil.rmtree(archive, ignore_errors=True)
        archive.symlink_to(elsewhere)
        with Server(server.folder) as again:
            send(again, [{"id": "old", "timestamp": "2025-01-06T00:00:00Z"}, {"id": "new"}])
            assert "skipped" not in again.ask("POST", ARCHIVE, {"before": "2025-W30"}).json()["result"]
            assert [path.name for path in elsewhere.iterdir()] == ["data_2025_w02.parquet"]
            assert count(again) == 1
            backup = again.get("/api/v1/backup").body
            assert b"archive/data_2025_w02.parquet" in backup
            assert again.ask("POST", "/api/v1/collections/all_records/restore", {}).status == 200
            assert count(again) == 2 and not list(elsewhere.iterdir())
    finally:
        shutil.rmtree(elsewhere)


def test_a_folder_that_cannot_be_read_is_not_an_empty_one(serve):
    server = serve()
    send(server, [{"id": "x"}], collection="one")
    send(server, [{"id": "x"}], collection="two")
    server.stop()
    archive = server.folder / "data/collections/one/archive"
    archive.symlink_to("nowhere")
    with Server(server.folder) as again:
        assert again.ask("POST", "/ingest", b'{"id": "y"}', NDJSON, collection="one").status == 503
        assert again.get("/health").json()["collections_blocked"][0]["name"] == "one"
        send(again, [{"id": "y"}], collection="two")
        assert count(again, "two") == 2
        archive.unlink()
        assert_well(again)
        assert count(again, "one") == 1


def test_a_backup_keeps_the_numbers(serve, tmp_path):
    server = serve()
    send(server, thousand(1))
    body = server.get("/api/v1/backup").body
    (tmp_path / "backup.tar").write_bytes(body)
    with tarfile.open(tmp_path / "backup.tar") as tar:
        assert "parquet/.commit-numbers" in tar.getnames()


def test_commands_say_which_file(serve):
    server = serve()
    send(server, thousand(1))
    server.stop()
    (commit,) = parquet(server).glob("commit_*.parquet")
    damaged_footer(commit)
    for command in (["stats"], ["compact"], ["archive", "--before", "2100-W01"], ["backup", "--to", "backup.tar"]):
        done = subprocess.run([BINARY, *command, "--data", str(server.folder / "data")], capture_output=True, text=True,
                              cwd=server.folder, check=False)  # fmt: skip
        assert done.returncode == 1 and commit.name in done.stderr, (command, done)
    assert not (server.folder / "backup.tar").exists()


def test_a_full_disk_starts_and_reads(serve):
    """Nothing that is needed to read makes a file; what cannot be written says what was kept."""
    server = serve()
    schema = {"name": "people", "primary_key": ["k"], "fields": [{"name": "k", "type": "string"}]}
    assert server.ask("POST", "/api/v1/schemas", schema).status in (200, 201)
    for key in ("a", "b"):
        assert server.ask("POST", "/api/v1/records", {"k": key}, schema="people").status == 201
    send(server, thousand(1))
    server.stop()
    full = {"CANVASBACK_FAULT": "create:1:ENOSPC+"}
    with Server(server.folder, binary=BINARY + "_faulty", environment=full) as again:
        assert again.get("/health").status == 200
        assert count(again) == 1000 and count(again, "people") == 2
        assert again.get("/api/v1/records/people/a").status == 200
        for path, body in (("/ingest", [{"id": "x"}]), ("/api/v1/records?schema=people", {"k": "c"})):
            answer = again.ask("POST", path, body)
            assert (answer.status, answer.code) == (507, "StorageLimit"), answer.body
        merged = again.ask("POST", "/api/v1/collections/people/compact")
        assert (merged.status, merged.code) == (507, "StorageLimit")
        assert "not kept" not in merged.json()["detail"] and "stay" in merged.json()["detail"], merged.body
        assert again.get("/health").status == 200
        assert count(again, "people") == 2
    with Server(server.folder) as again:
        assert again.ask("POST", "/api/v1/records", {"k": "a"}, schema="people").status == 409
        assert again.ask("POST", "/api/v1/records", {"k": "c"}, schema="people").status == 201
        assert count(again) == 1000
