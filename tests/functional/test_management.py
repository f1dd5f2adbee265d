"""What is done to collections for long, as jobs: merging, archiving, restoring, checking, backups, made-up records."""

import hashlib
import json
import subprocess

import pytest
from serving import BINARY, wait_for
from test_collections import files_of, send, sql

ASYNC = {"Prefer": "respond-async"}


def work(server, what, body=None, headers=None, name="all_records"):
    path = "/api/v1/backup" if what == "backup" else f"/api/v1/collections/{name}/{what}"
    return server.ask("POST", path, body, headers)


def done(server, what, body=None, **other):
    """The result of work that was waited for."""
    answer = work(server, what, body, **other)
    assert answer.status == 200, answer.body[:500]
    job = answer.json()
    assert (job["state"], job["delivery"], job["kind"]) == ("done", "work", what)
    assert job["error"] is None and job["receipt"] is None and job["share"] == 1
    return job["result"]


def ended(server, job_id):
    return wait_for(lambda: (job := server.get(f"/api/v1/jobs/{job_id}").json())["state"] != "running" and job, 60)


def weeks_of_records(server):
    """Three weeks of records, in as many commits."""
    for month in (1, 4, 7):
        send(server, [{"id": f"{month}-{i}", "timestamp": f"2025-{month:02}-10T00:00:{i:02}Z"} for i in range(20)])


def test_weeks_are_merged_archived_and_brought_back(serve):
    server = serve(flags=["--merge-after-s", "3600", "--grace-s", "0"])
    weeks_of_records(server)
    assert done(server, "compact") == {"files_merged": 3}
    assert len(files_of(server, "data_*")) == 3 and files_of(server, "commit_*") == []
    assert done(server, "compact") == {"files_merged": 0}
    moved = done(server, "archive", {"before": "2025-W20"})
    assert moved == {"files": ["data_2025_w02.parquet", "data_2025_w15.parquet"]}
    assert sql(server, "SELECT count(*) AS n FROM all_records") == [{"n": 20}]
    assert done(server, "verify") == {"files": 1, "records": 20, "problems": []}
    assert done(server, "restore", {"from": "2025-W10", "until": "2025-W15"}) == {"files": ["data_2025_w15.parquet"]}
    assert done(server, "restore") == {"files": ["data_2025_w02.parquet"]}
    assert sql(server, "SELECT count(*) AS n FROM all_records") == [{"n": 60}]


def test_a_damaged_file_is_a_problem_of_the_result(serve):
    server = serve(flags=["--merge-after-s", "3600"])
    weeks_of_records(server)
    done(server, "compact")
    path = files_of(server, "data_*")[1]
    with open(path, "r+b") as file:
        file.seek(200)
        file.write(b"\xff" * 40)
    job = work(server, "verify", None, ASYNC)
    assert job.status == 202 and job.headers["location"] == f"/api/v1/jobs/{job.json()['id']}"
    result = ended(server, job.json()["id"])["result"]
    assert result["files"] == 2 and result["records"] == 40
    assert [problem["file"] for problem in result["problems"]] == [path.rsplit("/", 1)[1]]


def test_made_up_records_are_those_of_the_command_line(serve):
    server = serve()
    assert done(server, "generate", {"type": "sensor", "count": 500, "seed": 3}, name="made")["records"] == 500
    lines = subprocess.run([BINARY, "generate", "--type", "sensor", "--count", "500", "--seed", "3"],
                           stdout=subprocess.PIPE, check=True).stdout.splitlines()  # fmt: skip
    rows = sql(server, "SELECT id, value FROM made", limit=1000)
    assert sorted((row["id"], row["value"]) for row in rows) == sorted(
        (record["id"], record["value"]) for record in map(json.loads, lines))  # fmt: skip


def test_a_cancelled_job_keeps_none_of_its_records(serve):
    server = serve()
    send(server, [{"id": "first"}])
    started = work(server, "generate", {"type": "event", "count": 50_000_000}, ASYNC)
    job_id = started.json()["id"]
    wait_for(lambda: server.get(f"/api/v1/jobs/{job_id}").json()["rows_done"] > 0)
    assert server.ask("DELETE", f"/api/v1/jobs/{job_id}").status == 204
    job = ended(server, job_id)
    assert job["state"] == "cancelled" and job["result"] is None
    assert sql(server, "SELECT count(*) AS n FROM all_records") == [{"n": 1}]
    assert done(server, "generate", {"type": "event", "count": 10})["records"] == 10
    assert sql(server, "SELECT count(*) AS n FROM all_records") == [{"n": 11}]


def test_a_backup_is_a_file_of_a_job(serve, tmp_path):
    server = serve()
    weeks_of_records(server)
    answer = work(server, "backup")
    assert answer.status == 200
    job = answer.json()
    assert (job["state"], job["delivery"], job["format"]) == ("done", "file", "tar") and job["receipt"]["rows"] == 60
    got = server.get(f"/api/v1/jobs/{job['id']}/file")
    assert got.headers["content-type"] == "application/x-tar" and "canvasback-backup.tar" in str(got.headers)
    assert hashlib.sha256(got.body).hexdigest() == job["receipt"]["sha256"]
    (tmp_path / "copy").mkdir()
    subprocess.run(["tar", "-xf", "-", "-C", tmp_path / "copy"], input=got.body, check=True)
    server.stop()
    verified = subprocess.run([BINARY, "verify", "--data", tmp_path / "copy"], stderr=subprocess.PIPE, check=True)
    assert b"60 records, 0 problems" in verified.stderr


def test_the_commands_ask_a_running_server(serve):
    server = serve(flags=["--merge-after-s", "3600", "--grace-s", "0"])
    weeks_of_records(server)

    def run(*arguments):
        return subprocess.run([BINARY, *arguments, "--server", server.url], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)  # fmt: skip

    assert run("compact").stderr == b"3 files merged\n"
    assert run("archive", "--before", "2025-W10").stdout == b"data_2025_w02.parquet\n"
    assert b"2 files, 40 records, 0 problems" in run("verify").stderr
    assert run("restore").stdout == b"data_2025_w02.parquet\n"
    unknown = run("verify", "--collection", "nosuch")
    assert unknown.returncode == 1 and b"nosuch" in unknown.stderr


@pytest.fixture(scope="module")
def shared(serve_module):
    started = serve_module()
    send(started, [{"id": "first"}])
    return started


@pytest.mark.parametrize(("what", "body", "status"), [
    ("archive", {}, 400), ("archive", {"before": "2025"}, 400), ("archive", {"before": 40}, 400),
    ("restore", {"from": "2025-W54"}, 400), ("compact", {"nosuch": 1}, 400), ("verify", [1], 400),
    ("generate", {"type": "nosuch"}, 400), ("generate", {"count": 0}, 400), ("generate", {"count": "5"}, 400),
    ("generate", {"seed": -1}, 400),
])  # fmt: skip
def test_what_is_refused(shared, what, body, status):
    answer = work(shared, what, body)
    assert (answer.status, answer.code) == (status, "InvalidData"), answer.body


@pytest.mark.parametrize("what", ["compact", "restore", "verify"])
def test_no_such_collection(serve, what):
    answer = work(serve(), what)
    assert (answer.status, answer.code) == (404, "DatasetNotFound")
