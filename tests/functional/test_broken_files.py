"""Files that are not what their name says: an error that tells, never a crash; the other datasets go on.

About two hundred Parquet files with flipped bits and cut ends, made from a fixed seed: whatever is answered is a
whole answer, a 4xx, or a stream that visibly breaks; the front stays and the workers answer afterwards.
"""

import http.client
import random

import hard_table
import pytest
from serving import FLIGHTS, wait_for

VARIANTS = 200
FORMATS = ("json", "csv", "parquet", "arrow")


@pytest.fixture(scope="module")
def sample(oracle, tmp_path_factory):
    """A small Parquet file with every type, several row groups and pages."""
    path = tmp_path_factory.mktemp("sample") / "sample.parquet"
    names = [name for name in hard_table.COLUMNS if name not in hard_table.NOT_IN_PARQUET]
    oracle.execute(
        f"COPY ({hard_table.select(3000, names)}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)")  # fmt: skip
    return path.read_bytes()


def test_files_that_are_something_else(serve, tmp_path, oracle):
    oracle.execute(f"COPY (SELECT 1 AS id) TO '{tmp_path}/good.parquet'")
    good = (tmp_path / "good.parquet").read_bytes()
    contents = {
        "empty": b"", "magic": b"PAR1", "twice": b"PAR1PAR1", "garbage": random.Random(1).randbytes(5000),
        "text": b"id\n1\n" * 100, "zeros": bytes(10_000), "huge_footer": b"PAR1" + b"\xff\xff\xff\x7fPAR1",
        "negative_footer": b"PAR1" + b"\xff\xff\xff\xffPAR1", "no_head": good[4:], "no_tail": good[:-4],
        "doubled": good + good, "encrypted": good[:-4] + b"PARE", "head_only": good[: len(good) // 2],
    }  # fmt: skip
    suffixes = (".parquet", ".csv", ".csv.gz", ".json", ".ndjson", ".arrow", ".arrows")
    paths = []
    for name, data in contents.items():
        for suffix in suffixes:
            path = tmp_path / f"{name}{suffix}"
            path.write_bytes(data)
            paths.append(f"{name}{suffix.replace('.', '_')}={path}")
    server = serve(tmp_path / "good.parquet", *paths)
    entries = {entry["name"]: entry for entry in server.get("/api/v1/datasets").json()["datasets"]}
    assert len(entries) == len(paths) + 1
    for name in entries:
        for answer in (server.rows(name, limit=5), server.get(f"/api/v1/datasets/{name}/export", format="parquet"),
                       server.sql(f"SELECT * FROM {name}")):  # fmt: skip
            assert answer.status == 200 or 400 <= answer.status < 500, (name, answer.status, answer.body[:300])
        if name.endswith("_parquet") and name != "doubled_parquet":
            assert server.rows(name, limit=5).code == "InvalidData", name
    assert server.page("good")["rows"] == [[1]]


def mutate(data, number):
    """Variant `number`: cut, flipped bits anywhere, flipped bits in the footer, or a run of bytes overwritten."""
    chance = random.Random(number)
    if number % 4 == 0:
        return data[: chance.randrange(len(data))]
    footer = int.from_bytes(data[-8:-4], "little") + 8
    out = bytearray(data)
    if number % 4 == 3:
        start = chance.randrange(4, len(data) - footer)
        out[start : start + 16] = chance.randbytes(16)
        return bytes(out)
    for _ in range(chance.choice((1, 1, 4, 32))):
        place = chance.randrange(len(data) - footer, len(data)) if number % 4 == 1 else chance.randrange(len(data))
        out[place] ^= 1 << chance.randrange(8)
    return bytes(out)


def outcome(ask):
    """A status, or "broken" where the answer visibly broke off."""
    try:
        answer = ask()
    except (http.client.HTTPException, ConnectionResetError):
        return "broken"
    return answer.status


def test_flipped_and_cut_parquet(serve, sample, tmp_path):
    paths = []
    for number in range(VARIANTS):
        path = tmp_path / f"v{number}.parquet"
        path.write_bytes(mutate(sample, number))
        paths.append(path)
    (tmp_path / "good.parquet").write_bytes(sample)
    server = serve(tmp_path / "good.parquet", f"flights={FLIGHTS}", *paths)
    wrong = {}
    for number in range(VARIANTS):
        name, format_ = f"v{number}", FORMATS[number % len(FORMATS)]
        got = {
            "page": outcome(lambda: server.rows(name, limit=10)),
            "export": outcome(lambda: server.get(f"/api/v1/datasets/{name}/export", format=format_,
                                                 compression="none" if format_ == "parquet" else None)),
            "sort": outcome(lambda: server.rows(name, sort="-words", limit=10)),
            "sql": outcome(lambda: server.sql(f"SELECT count(DISTINCT words), sum(big), max(real) FROM {name}")),
        }  # fmt: skip
        bad = {key: value for key, value in got.items() if value != "broken" and value >= 500}
        if bad:
            wrong[name] = bad
        assert server.alive
    assert server.value("SELECT count(*) FROM flights") == 3_000_000
    assert len(server.page("good")["rows"]) == 3000
    wait_for(lambda: all(worker["state"] == "idle" for worker in server.workers().values()))
    assert not wrong, f"{len(wrong)} of {VARIANTS} files gave a 5xx: {wrong}"
