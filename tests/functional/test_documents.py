"""README.md, docs/getting-started.md and docs/tutorial.md as a new user follows them: every line of their shell blocks,
in order, as printed, against the server that the document starts.
"""

import json
import os
import pathlib
import re
import socket
import subprocess
import sys

import pytest
from serving import BINARY, FLIGHTS, ROOT

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# What only makes sense on another machine: tests/package.py installs the packages.
NOT_RUN = re.compile(r"tar -xzf|sudo ")


def lines_of(text):
    """Commands of a block: continued lines joined, comments dropped."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


class Reader:
    """A shell in which a document is followed. Its folder looks like a clone that was built; its port is a free one."""

    def __init__(self, folder):
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT / "clients/python")}
        self.server = None
        program = pathlib.Path(folder / "build/release/bin/canvasback")
        program.parent.mkdir(parents=True)
        # A script and not a link: the program looks for its libraries beside itself.
        program.write_text(f'#!/bin/sh\nexec "{BINARY}" "$@"\n')
        program.chmod(0o755)
        data = folder / ".deps/data"
        data.mkdir(parents=True)
        (data / "flights-3m.parquet").symlink_to(FLIGHTS)

    def serve(self, command):
        """Starts what the document leaves running in another terminal, and waits until it answers."""
        command = f"exec {command} --listen 127.0.0.1:{self.port}"
        self.server = subprocess.Popen(["bash", "-c", command], cwd=self.folder, env=self.environment,
                                       stdout=subprocess.PIPE, text=True)  # fmt: skip
        assert "Canvasback is at" in self.server.stdout.readline()

    def run(self, command):
        """What the command prints. `export` holds for the commands behind it."""
        if exported := re.fullmatch(r'export PATH="\$PWD/([^:]*):\$PATH"', command):
            self.environment["PATH"] = f"{self.folder / exported.group(1)}:{self.environment['PATH']}"
            return ""
        command = command.replace("localhost:8080", f"127.0.0.1:{self.port}")
        command = re.sub(r"^curl ", "curl --fail-with-body ", command)
        done = subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.environment, capture_output=True,
                              text=True, timeout=120)  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout[:2000]}{done.stderr}"
        if out := re.search(r"(?:-o|--out) (\S+)", command):
            assert (self.folder / out.group(1)).stat().st_size > 0, f"{command}: an empty file"
        elif not command.startswith("mkdir"):
            assert done.stdout, f"{command}: no output"
        return done.stdout

    def follow(self, path):
        """All blocks of a document; the output of each line."""
        outputs = {}
        for language, text in BLOCK.findall((ROOT / path).read_text()):
            if language == "python":
                script = self.folder / "example.py"
                script.write_text(text.replace("localhost:8080", f"127.0.0.1:{self.port}"))
                outputs["python"] = self.run(f"{sys.executable} {script}")
            if language == "yaml":
                (self.folder / "orders.yaml").write_text(text)
            for line in lines_of(text) if language == "sh" else ():
                if line.startswith("canvasback serve"):
                    self.serve(line)
                elif not NOT_RUN.match(line):
                    outputs[line] = self.run(line)
        return outputs


@pytest.fixture
def reader(tmp_path):
    made = Reader(tmp_path)
    yield made
    if made.server:
        made.server.terminate()
        made.server.wait(30)


def test_the_readme_works_line_by_line(reader):
    # What `make run` serves.
    reader.serve("build/release/bin/canvasback serve flights=.deps/data/flights-3m.parquet --data data")
    outputs = reader.follow("README.md")
    assert len(outputs) >= 9 and {"sfo.parquet", "late.arrows", "late.csv"} <= {p.name for p in reader.folder.iterdir()}
    last = next(json.loads(text) for line, text in outputs.items() if "ORDER BY n DESC" in line)
    assert [column["name"] for column in last["columns"]] == ["origin", "n", "mean"] and len(last["rows"]) == 3


def test_getting_started_works_line_by_line(reader):
    reader.environment["PATH"] = f"{reader.folder / 'build/release/bin'}:{reader.environment['PATH']}"
    outputs = reader.follow("docs/getting-started.md")
    assert "mean" in outputs["python"] and (reader.folder / "large.xlsx").exists()
    datasets = json.loads(reader.run("curl -s localhost:8080/api/v1/datasets"))["datasets"]
    assert {entry["name"] for entry in datasets} >= {"orders", "events", "readings"}
    assert (reader.folder / "largest.csv").read_text().count("\n") == 101


def test_the_tutorial_works_line_by_line(reader):
    outputs = reader.follow("docs/tutorial.md")
    published = [text for line, text in outputs.items() if line.startswith("canvasback publish") and "--to" in line]
    assert "0 data files written" in published[-1], published
    index = json.loads((reader.folder / "site/index.json").read_text())
    assert index["title"] == "Our shop" and [entry["title"] for entry in index["dashboards"]] == ["Orders"]


def test_every_block_is_followed():
    """No other language hides a command."""
    for path in ("README.md", "docs/getting-started.md", "docs/tutorial.md"):
        languages = {language for language, _ in BLOCK.findall((ROOT / path).read_text())}
        assert languages <= {"sh", "python", "yaml"}, path
