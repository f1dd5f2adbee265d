"""Collections that are deleted, renamed and emptied: what is gone from the answers lies in the trash and comes back as
it was, whoever writes, reads or restarts meanwhile."""

import json
import pathlib
import threading
import time

import pytest
from serving import Server

NDJSON = {"Content-Type": "application/x-ndjson"}
SCHEMA = {"name": "users", "primary_key": ["id"],
          "fields": [{"name": "id", "type": "string", "required": True},
                     {"name": "mail", "type": "string", "unique": True}]}  # fmt: skip


@pytest.fixture
def restarted():
    """Stops a server and starts another on its folder."""
    started = []

    def restart(server):
        server.stop()
        started.append(Server(server.folder))
        return started[-1]

    yield restart
    for server in started:
        server.stop()


@pytest.fixture
def server(serve):
    return serve()


def send(server, collection, records):
    body = "".join(json.dumps(record) + "\n" for record in records).encode()
    answer = server.ask("POST", "/ingest", body, NDJSON, collection=collection)
    assert answer.status == 200, answer.body[:500]


def count(server, name):
    answer = server.ask("POST", "/query/sql", {"sql": f'SELECT count(*) AS n FROM "{name}"'})
    assert answer.status == 200, answer.body[:500]
    return answer.json()["data"][0]["n"]


def done(answer):
    assert answer.status == 200, answer.body[:500]
    return answer.json()


def keep(server, name, record):
    """A new record, or a new version of one."""
    done_with(server.ask("POST", f"/api/v1/records/bulk?schema={name}&on_conflict=update", [record]))


def done_with(answer):
    assert answer.status in (200, 201, 204), answer.body[:500]


def names(server):
    return {dataset["name"] for dataset in done(server.ask("GET", "/api/v1/datasets"))["datasets"]}


def trash(server):
    return done(server.ask("GET", "/api/v1/trash"))["entries"]


def data_of(server):
    return pathlib.Path(server.folder) / "data"


def test_a_deleted_collection_comes_back_as_it_was(server, restarted):
    for part in range(3):
        send(server, "clicks", [{"n": part * 10 + i, "text": "ä" * i} for i in range(10)])
    done(server.ask("POST", "/api/v1/collections/clicks/compact"))
    send(server, "clicks", [{"n": 100}])
    before = done(server.ask("POST", "/query/sql", {"sql": "SELECT * FROM clicks ORDER BY n"}))["data"]
    entry = done(server.ask("DELETE", "/api/v1/collections/clicks"))
    assert (entry["kind"], entry["collection"], entry["records"]) == ("deleted", "clicks", 31)
    assert "clicks" not in names(server)
    assert server.ask("POST", "/query/sql", {"sql": "SELECT * FROM clicks"}).code == "QueryInvalid"
    assert server.ask("DELETE", "/api/v1/collections/clicks").code == "DatasetNotFound"
    assert [item["id"] for item in trash(server)] == [entry["id"]]
    assert not (data_of(server) / "collections/clicks").exists()
    server = restarted(server)
    assert "clicks" not in names(server) and [item["id"] for item in trash(server)] == [entry["id"]]
    back = done(server.ask("POST", f"/api/v1/trash/{entry['id']}/restore"))
    assert back["collection"] == "clicks"
    assert done(server.ask("POST", "/query/sql", {"sql": "SELECT * FROM clicks ORDER BY n"}))["data"] == before
    assert trash(server) == [] and not list((data_of(server) / "trash").iterdir())
    send(server, "clicks", [{"n": 101}])
    assert count(server, "clicks") == 32


def test_its_name_is_free_and_its_return_waits_for_it(server):
    send(server, "a", [{"n": 1}, {"n": 2}])
    entry = done(server.ask("DELETE", "/api/v1/collections/a"))
    send(server, "a", [{"n": 3}])
    assert count(server, "a") == 1
    taken = server.ask("POST", f"/api/v1/trash/{entry['id']}/restore")
    assert taken.code == "InvalidData" and "already exists" in taken.json()["detail"]
    assert count(server, "a") == 1
    done(server.ask("POST", "/api/v1/collections/a/rename", {"name": "b"}))
    done(server.ask("POST", f"/api/v1/trash/{entry['id']}/restore"))
    assert (count(server, "a"), count(server, "b")) == (2, 1)


def test_a_schema_goes_and_comes_with_its_collection(server, restarted):
    assert server.ask("POST", "/api/v1/schemas", SCHEMA).status == 201
    for number in range(3):
        record = {"id": f"u{number}", "mail": f"{number}@x"}
        assert server.ask("POST", "/api/v1/records", {"schema_name": "users", "data": record}).status == 201
    entry = done(server.ask("DELETE", "/api/v1/collections/users"))
    assert server.ask("GET", "/api/v1/schemas/users").code == "SchemaNotFound"
    assert server.ask("GET", "/api/v1/records/users/u1").status == 404
    server = restarted(server)
    assert server.ask("GET", "/api/v1/schemas/users").code == "SchemaNotFound"
    done(server.ask("POST", f"/api/v1/trash/{entry['id']}/restore"))
    assert done(server.ask("GET", "/api/v1/schemas/users"))["primary_key"] == ["id"]
    again = {"id": "u1", "mail": "other@x"}
    assert server.ask("POST", "/api/v1/records", {"schema_name": "users", "data": again}).code == "DuplicateRecord"
    shared = {"id": "u9", "mail": "1@x"}
    assert server.ask("POST", "/api/v1/records", {"schema_name": "users", "data": shared}).code == "DuplicateRecord"


def test_a_renamed_collection_keeps_schema_keys_and_archive(server, restarted):
    assert server.ask("POST", "/api/v1/schemas", SCHEMA).status == 201
    record = {"id": "u1", "mail": "1@x"}
    assert server.ask("POST", "/api/v1/records", {"schema_name": "users", "data": record}).status == 201
    done(server.ask("POST", "/api/v1/collections/users/rename", {"name": "people"}))
    assert "users" not in names(server) and count(server, "people") == 1
    assert server.ask("GET", "/api/v1/schemas/users").code == "SchemaNotFound"
    again = {"schema_name": "people", "data": {"id": "u1", "mail": "2@x"}}
    assert server.ask("POST", "/api/v1/records", again).code == "DuplicateRecord"
    server = restarted(server)
    assert server.ask("POST", "/api/v1/records", again).code == "DuplicateRecord"
    assert count(server, "people") == 1 and "users" not in names(server)


@pytest.mark.parametrize(("name", "words"), [("", "cannot be the name"), ("a/b", "cannot be the name"),
                                             ("TAKEN", "case of letters"), ("taken", "already exists"),
                                             ("a", "already exists"), ("..", "cannot be the name")])  # fmt: skip
def test_names_that_cannot_be_taken(server, name, words):
    send(server, "a", [{"n": 1}])
    send(server, "taken", [{"n": 1}])
    refused = server.ask("POST", "/api/v1/collections/a/rename", {"name": name})
    assert refused.code == "InvalidData" and words in refused.json()["detail"], refused.body
    assert count(server, "a") == 1


def test_the_default_collection_is_only_emptied(server):
    send(server, "all_records", [{"n": 1}, {"n": 2}])
    for refused in (server.ask("DELETE", "/api/v1/collections/all_records"),
                    server.ask("POST", "/api/v1/collections/all_records/rename", {"name": "x"})):  # fmt: skip
        assert refused.code == "InvalidData" and "default collection" in refused.json()["detail"]
    entry = done(server.ask("POST", "/api/v1/collections/all_records/empty"))
    assert (entry["kind"], entry["records"]) == ("emptied", 2)
    assert count(server, "all_records") == 0


def test_what_was_emptied_comes_back_beside_what_came_since(server, restarted):
    send(server, "log", [{"n": i} for i in range(5)])
    send(server, "log", [{"n": i} for i in range(5, 8)])
    entry = done(server.ask("POST", "/api/v1/collections/log/empty"))
    assert count(server, "log") == 0
    send(server, "log", [{"n": 100}])
    server = restarted(server)
    assert count(server, "log") == 1  # what was emptied is not there again after a restart
    send(server, "log", [{"n": 101}])
    done(server.ask("POST", f"/api/v1/trash/{entry['id']}/restore"))
    rows = done(server.ask("POST", "/query/sql", {"sql": "SELECT n FROM log ORDER BY n"}))["data"]
    assert [row["n"] for row in rows] == [0, 1, 2, 3, 4, 5, 6, 7, 100, 101]
    server = restarted(server)
    assert count(server, "log") == 10
    job = done(server.ask("POST", "/api/v1/collections/log/verify"))
    assert job["result"]["problems"] == [], job


def test_merged_names_are_not_overwritten(server):
    send(server, "log", [{"n": 1}])
    done(server.ask("POST", "/api/v1/collections/log/compact"))
    entry = done(server.ask("POST", "/api/v1/collections/log/empty"))
    send(server, "log", [{"n": 2}])
    done(server.ask("POST", "/api/v1/collections/log/compact"))
    refused = server.ask("POST", f"/api/v1/trash/{entry['id']}/restore")
    assert refused.code == "InvalidData" and "merged" in refused.json()["detail"]
    assert count(server, "log") == 1 and [item["id"] for item in trash(server)] == [entry["id"]]


def test_what_was_merged_does_not_come_back_by_a_restart(serve, restarted):
    server = serve(flags=["--grace-s", "3600"])  # superseded commits stay in the folder
    for number in range(4):
        send(server, "log", [{"n": number}])
    done(server.ask("POST", "/api/v1/collections/log/compact"))
    done(server.ask("POST", "/api/v1/collections/log/empty"))
    server = restarted(server)
    assert count(server, "log") == 0


def test_writers_are_told_and_nothing_is_between(server):
    """While many write, a collection is deleted again and again: each record that was acknowledged is in one of the
    entries or in the collection, and each once."""
    stop = threading.Event()
    acknowledged, wrong = [], []

    def write(lane):
        number = 0
        while not stop.is_set():
            value = f"{lane}-{number}"
            answer = server.ask("POST", "/ingest", json.dumps({"v": value}).encode() + b"\n", NDJSON, collection="busy")
            if answer.status == 200:
                acknowledged.append(value)
            elif answer.status not in (404, 429, 503):
                wrong.append((answer.status, answer.body))
            number += 1

    threads = [threading.Thread(target=write, args=(lane,)) for lane in range(4)]
    for thread in threads:
        thread.start()
    entries = []
    for turn in range(12):
        time.sleep(0.15)
        path = "/api/v1/collections/busy"
        answer = server.ask("DELETE", path) if turn % 2 == 0 else server.ask("POST", path + "/empty")
        if answer.status == 200:
            entries.append(answer.json()["id"])
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == [] and len(entries) >= 8 and acknowledged
    kept = []
    for entry in entries:
        for file in (data_of(server) / "trash" / entry).rglob("*.parquet"):
            kept += values_in(file)
    rows = server.ask("POST", "/query/sql", {"sql": "SELECT v FROM busy", "limit": 10000})
    if rows.status == 200:
        kept += [row["v"] for row in rows.json()["data"]]
    missing = set(acknowledged) - set(kept)
    assert not missing, (sorted(missing), rows.body[:300], len(kept))


def values_in(file):
    import pyarrow.parquet

    return pyarrow.parquet.read_table(file, columns=["v"]).column("v").to_pylist()


def test_ids_name_nothing_else(server):
    send(server, "a", [{"n": 1}])
    outside = data_of(server) / "collections"
    for name in ("..%2Fcollections", "nosuch", "20250101T000000Z-abcd", "...", "%2e%2e"):
        assert server.ask("DELETE", f"/api/v1/trash/{name}").status in (400, 404)
        assert server.ask("POST", f"/api/v1/trash/{name}/restore").status in (400, 404)
    assert outside.is_dir() and count(server, "a") == 1


def test_for_good(server):
    send(server, "a", [{"n": 1}])
    entry = done(server.ask("DELETE", "/api/v1/collections/a"))
    done(server.ask("DELETE", f"/api/v1/trash/{entry['id']}"))
    assert trash(server) == [] and not (data_of(server) / "trash" / entry["id"]).exists()
    assert server.ask("POST", f"/api/v1/trash/{entry['id']}/restore").code == "NotFound"


@pytest.mark.parametrize("clients", [2, 3])
def test_one_of_several_restores_at_once_brings_it_back(server, clients, restarted):
    """The others find nothing in the trash, and take nothing away: the schema is there, and what it says of keys."""
    done_with(server.ask("POST", "/api/v1/schemas", {**SCHEMA, "name": "kv"}))
    for mail in ("a", "b"):
        keep(server, "kv", {"id": "1", "mail": mail})
    for _ in range(4):
        entry = done(server.ask("DELETE", "/api/v1/collections/kv"))["id"]
        answers = [None] * clients

        def restore(number, entry=entry, answers=answers):
            answers[number] = server.ask("POST", f"/api/v1/trash/{entry}/restore").status

        threads = [threading.Thread(target=restore, args=(number,)) for number in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [200] + [404] * (clients - 1)
        assert server.get("/api/v1/schemas/kv").status == 200
    server = restarted(server)
    assert count(server, "kv") == 1 and server.get("/api/v1/schemas/kv").status == 200


def test_renames_to_one_name_at_once(server):
    for name in ("a", "b"):
        assert server.ask("POST", "/api/v1/schemas", {**SCHEMA, "name": name}).status == 201
        keep(server, name, {"id": "1", "mail": name})
    answers = {}

    def rename(name):
        answers[name] = server.ask("POST", f"/api/v1/collections/{name}/rename", {"name": "c"}).status

    threads = [threading.Thread(target=rename, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers.values()) == [200, 400]
    loser = next(name for name, status in answers.items() if status == 400)
    for name in ("c", loser):
        assert server.get(f"/api/v1/schemas/{name}").status == 200 and count(server, name) == 1


def test_records_of_later_keys_are_told(server):
    assert server.ask("POST", "/api/v1/schemas", SCHEMA).status == 201
    keep(server, "users", {"id": "1", "mail": "old"})
    keep(server, "users", {"id": "2", "mail": "two"})
    entry = done(server.ask("POST", "/api/v1/collections/users/empty"))["id"]
    keep(server, "users", {"id": "1", "mail": "new"})
    keep(server, "users", {"id": "3", "mail": "two"})
    restored = done(server.ask("POST", f"/api/v1/trash/{entry}/restore"))
    assert restored["superseded"] == 1 and restored["records"] == 2
    assert len(restored["problems"]) == 1 and "mail" in restored["problems"][0]
    assert count(server, "users") == 3


def test_an_emptied_collection_comes_back_under_its_keys(server):
    assert server.ask("POST", "/api/v1/schemas", SCHEMA).status == 201
    for mail in ("a", "b", "c"):
        keep(server, "users", {"id": "1", "mail": mail})
    keep(server, "users", {"id": "2"})
    done_with(server.ask("DELETE", "/api/v1/records/users/2"))
    entry = done(server.ask("POST", "/api/v1/collections/users/empty"))["id"]
    done_with(server.ask("DELETE", "/api/v1/schemas/users"))
    other = {**SCHEMA, "primary_key": ["mail"]}
    assert server.ask("POST", "/api/v1/schemas", other).status == 201
    refused = server.ask("POST", f"/api/v1/trash/{entry}/restore")
    assert refused.status == 400 and "other keys" in refused.json()["detail"]
    done_with(server.ask("DELETE", "/api/v1/schemas/users"))
    done(server.ask("POST", f"/api/v1/trash/{entry}/restore"))
    assert server.get("/api/v1/schemas/users").status == 200
    rows = server.ask("POST", "/query/sql", {"sql": "SELECT id, mail FROM users"}).json()["data"]
    assert rows == [{"id": "1", "mail": "c"}], "neither the deleted record nor an earlier version"
