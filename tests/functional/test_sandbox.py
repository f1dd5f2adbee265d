"""The sandbox corpus through HTTP: every legitimate statement passes, every forbidden one is refused by the gate, and
without the gate the sandbox itself keeps the outside out. SELECT 1 works on every worker afterwards.
"""

import concurrent.futures
import json
import os
import pathlib

import pytest
from serving import FLIGHTS, GATELESS, ROOT

CORPUS = ROOT / "tests/corpus"
ALLOWED = {entry["name"]: entry["sql"] for entry in json.loads((CORPUS / "allowed.json").read_text())}
FORBIDDEN = {entry["name"]: entry["sql"] for entry in json.loads((CORPUS / "forbidden.json").read_text())}
MARKER = "the-secret-of-the-outside-4711"


class Outside:
    """A folder that no dataset is in, with a secret, and the means to see whether anybody wrote there."""

    def __init__(self, folder):
        self.folder = folder / "outside"
        self.folder.mkdir()
        self.secret = self.folder / "secret.csv"
        self.secret.write_text(f"column0\n{MARKER}\n")
        (self.folder / "link").symlink_to(self.secret)
        self.before = self.listing()

    def listing(self):
        return sorted((str(path), path.lstat().st_size, path.lstat().st_mtime_ns) for path in self.folder.rglob("*"))

    def fill(self, sql):
        return (sql.replace("{outside_dir}", str(self.folder)).replace("{outside}", str(self.secret))
                .replace("{dataset_path}", str(FLIGHTS)).replace("{dataset}", "flights"))  # fmt: skip

    def check_untouched(self):
        assert self.listing() == self.before


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    return Outside(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def gated(serve_module):
    return serve_module(f"flights={FLIGHTS}")


class Gateless:
    """A server without the gate, started anew after a test that poisoned it, so that it fails that test alone."""

    def __init__(self, start):
        self.start = start
        self.server = start()

    def check_well(self):
        later = [self.server.sql("SELECT 1", timeout_ms=10_000) for _ in range(3)]
        if [answer.status for answer in later] != [200, 200, 200]:
            self.server.stop()
            self.server = self.start()
            pytest.fail(f"a poisoned worker answers for ever: {later[-1].status} {later[-1].body!r}")


@pytest.fixture(scope="module")
def gateless(serve_module):
    if not pathlib.Path(GATELESS).exists():
        pytest.skip("the test-only program without the gate is not built")
    return Gateless(lambda: serve_module(f"flights={FLIGHTS}", binary=GATELESS))


def data_files(server):
    """What there is below the data folder, without the workers' own spill folders and the note of the scrub.

    The note is written beside its name and then renamed, at any moment: neither name counts.
    """
    files = {path for path in (server.folder / "data").rglob("*") if path.is_file() and "spill" not in path.parts}
    return {path for path in files if path.name not in ("checks.json", "checks.json.tmp")}


def every_worker_answers(server):
    """As many statements at once as there are workers, several times, so that each worker takes part."""
    workers = len(server.workers())
    with concurrent.futures.ThreadPoolExecutor(workers * 2) as pool:
        answers = list(pool.map(lambda _: server.sql("SELECT 1"), range(workers * 8)))
    assert [answer.json()["rows"] for answer in answers] == [[[1]]] * len(answers), answers


@pytest.mark.parametrize("name", ALLOWED)
def test_allowed_statements_pass(gated, outside, oracle, name):
    """They give as many rows, under the same column names, as DuckDB itself does."""
    sql = outside.fill(ALLOWED[name])
    answer = gated.sql(sql)
    assert answer.status == 200, answer.body
    document = answer.json()
    assert document["columns"] and document["total_rows"] == len(document["rows"])
    table = oracle.cursor().execute(sql.replace("memory.main.", "")).to_arrow_table()
    assert [column["name"] for column in document["columns"]] == table.column_names
    if "SAMPLE" not in sql.upper():
        assert len(document["rows"]) == table.num_rows


@pytest.mark.parametrize("name", FORBIDDEN)
def test_forbidden_statements_are_refused(gated, outside, name):
    answer = gated.sql(outside.fill(FORBIDDEN[name]))
    assert 400 <= answer.status < 500, answer.body
    assert answer.code in ("QueryForbidden", "QueryInvalid"), answer.body
    assert MARKER not in answer.body.decode() and "stolen" not in os.listdir(outside.folder)
    outside.check_untouched()


def test_the_gated_workers_are_well(gated):
    every_worker_answers(gated)
    assert gated.value("SELECT count(*) FROM flights") == 3_000_000


@pytest.mark.parametrize("name", FORBIDDEN)
def test_without_the_gate_nothing_outside_is_touched(gateless, outside, name):
    """Whatever the statement does, it reads and writes nothing outside, and the next statement is answered."""
    server = gateless.server
    before = data_files(server)
    answer = server.sql(outside.fill(FORBIDDEN[name]), timeout_ms=10_000)
    assert MARKER not in answer.body.decode(errors="replace")
    outside.check_untouched()
    assert data_files(server) == before
    gateless.check_well()


@pytest.mark.parametrize("path", [
    "{data}/.lock", "/proc/1/environ", "/proc/self/environ", "/proc/self/maps", "/proc/self/cmdline", "/etc/hostname",
    "/etc/passwd", "/dev/zero", "/dev/urandom", "/sys/kernel/osrelease", "{log}", "{outside}", "{link}",
    "{flights_folder}/../CMakeLists.txt", "/proc/self/fd/0", "/proc/self/fd/3", "/proc/self/cwd/CMakeLists.txt",
])  # fmt: skip
def test_without_the_gate_no_other_path_is_readable(gateless, outside, path):
    server = gateless.server
    path = path.format(data=server.folder / "data", log=server.log_path, outside=outside.secret,
                       link=outside.folder / "link", flights_folder=FLIGHTS.parent)  # fmt: skip
    for reader in ("read_text", "read_blob", "read_csv", "glob", "read_json", "read_parquet"):
        answer = server.sql(f"SELECT * FROM {reader}('{path}')", timeout_ms=5000)
        assert answer.status >= 400 or (reader == "glob" and answer.json()["rows"] == []), (reader, answer.body[:300])
    gateless.check_well()


@pytest.mark.parametrize("sql", [
    "COPY (SELECT 1) TO '{folder}/x.csv'", "COPY (SELECT 1) TO '{flights_folder}/x.csv'",
    "COPY (SELECT 1) TO '{data}/x.csv'", "COPY (SELECT 1) TO '{data}/cache/x.csv'", "COPY (SELECT 1) TO '/tmp/x.csv'",
    "ATTACH '{data}/x.db' AS x", "EXPORT DATABASE '{flights_folder}/dump'", "COPY (SELECT 1) TO '/dev/shm/x.csv'",
])  # fmt: skip
def test_without_the_gate_nothing_is_written(gateless, outside, sql):
    places = {"folder": outside.folder, "flights_folder": FLIGHTS.parent, "data": gateless.server.folder / "data"}
    before = [sorted(os.listdir(place)) for place in places.values()]
    answer = gateless.server.sql(sql.format(**places), timeout_ms=5000)
    assert answer.status >= 400, answer.body
    assert [sorted(os.listdir(place)) for place in places.values()] == before
    gateless.check_well()


def test_the_gateless_workers_are_well(gateless):
    every_worker_answers(gateless.server)
    assert gateless.server.value("SELECT count(*) FROM flights") == 3_000_000
