"""Schemathesis on /openapi.json with all its checks: no 5xx and no answer that the document does not describe.

SCHEMATHESIS_EXAMPLES (20) is the number of random requests for each operation; `make schemathesis` takes 2,000 and
also walks from one operation to the next.
"""

import os
import pathlib
import re
import subprocess
import sys

import duckdb
import pytest
from serving import FLIGHTS, ROOT

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "20"))
SEED = os.environ.get("SCHEMATHESIS_SEED", "1")


@pytest.fixture(scope="module")
def server(serve_module, tmp_path_factory):
    """The flights of a few days: a random request may ask for all of them, in any format."""
    few = tmp_path_factory.mktemp("few") / "flights.parquet"
    duckdb.execute(f"COPY (FROM '{FLIGHTS}' LIMIT 3000) TO '{few}' (FORMAT parquet, ROW_GROUP_SIZE 2048)")
    return serve_module(few)


@pytest.mark.parametrize("data", ["any", "flights"])
def test_all_checks_hold(server, data, tmp_path):
    """With any names of datasets, and with the one that is there (so that the rest of the request matters)."""
    config = (ROOT / "tests/schemathesis/schemathesis.toml").read_text()
    if data == "flights":
        named = '[parameters]\n"path.name" = "flights"\n"query.dataset" = "flights"\n'
        config = config.replace("[parameters]\n", named)
    (tmp_path / "schemathesis.toml").write_text(config)
    short = EXAMPLES <= 20
    phases = "examples,coverage,fuzzing" if short else "examples,coverage,fuzzing,stateful"
    command = [pathlib.Path(sys.executable).parent / "st", "--config-file", tmp_path / "schemathesis.toml", "run",
               server.url + "/openapi.json", "--checks", "all", "--phases", phases, "--max-examples", str(EXAMPLES),
               "--seed", SEED, "--no-color", "--continue-on-failure"]  # fmt: skip
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(ROOT / "tests/schemathesis")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True,
                          timeout=600 if short else 6 * 3600)  # fmt: skip
    assert done.returncode == 0, "\n".join(line[:1000] for line in done.stdout.splitlines()) + done.stderr
    generated = re.search(r"(\d+) generated", done.stdout)
    assert generated and int(generated.group(1)) > 10 * EXAMPLES, done.stdout[-2000:]
    assert server.alive and server.get("/health").json()["status"] == "ok"
