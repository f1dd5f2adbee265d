"""The peer stack (BASELINE=DIR): its environment, its data, and its runner, which measures both servers alike.

The runner is asked for one group of operations of one server at a time, each operation on a fresh server, so that the
two servers take turns within seconds and an operation's peak memory is its own.
"""

import hashlib
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile

from harness.servers import ROOT, Subject, free_port

# The runner's settings: how long it waits for a quiet machine, and how often it measures a disturbed operation again.
QUIET = {"patience": 8, "retries": 1}


class Peer:
    """The folder of the peer stack."""

    def __init__(self, folder: pathlib.Path, python: str | None):
        self.folder = folder
        self.python = python or self._environment()

    def _environment(self) -> str:
        """Its own Python environment below .deps, made anew when its requirements change."""
        requirements = self.folder / "requirements.txt"
        digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
        home = ROOT / ".deps" / f"bench-peer-{digest}"
        ready = home / ".ready"
        if not ready.exists():
            print(f"bench: installing the peer's packages below {home.relative_to(ROOT)}", flush=True)
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
            subprocess.run([str(home / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                            "-r", str(requirements)], check=True)  # fmt: skip
            ready.touch()
        return str(home / "bin/python")

    def make_data(self, folder: pathlib.Path, rows: int) -> None:
        if not (folder / "orders.parquet").exists() or not (folder / "events.ndjson").exists():
            command = [self.python, str(self.folder / "make_data.py"), "--out", str(folder), "--orders", str(rows)]
            subprocess.run(command, check=True)

    def subject(self, data: pathlib.Path) -> Subject:
        command = f"{self.python} {shlex.quote(str(self.folder / 'server.py'))}"
        return Subject("peer", command, self.folder / "adapter_baseline.json", data)

    def versions(self) -> dict:
        """The pinned packages that do the work."""
        lines = (self.folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
        pinned = dict(line.split("==") for line in lines if "==" in line)
        wanted = ("duckdb", "polars", "pyarrow", "fastapi", "uvicorn[standard]", "xlsxwriter")
        return {name.split("[")[0]: pinned[name] for name in wanted if name in pinned}

    def measure(self, subject: Subject, operations: list[str], sizes: dict) -> list[dict]:
        """Our records of what the runner says of these operations of one server."""
        settings = {
            "reps": sizes["repetitions"], "small-reps": sizes["repetitions_small"], "seconds": sizes["load_seconds"],
            "stream-rows": sizes["stream_rows"], "export-rows": sizes["export_rows"], **QUIET,
        }  # fmt: skip
        with tempfile.TemporaryDirectory() as work:
            out = pathlib.Path(work) / "out.jsonl"
            command = [self.python, str(self.folder / "run.py"), "--data", str(subject.data), "--cmd",
                       f"/bin/sh -c {shlex.quote('exec ' + subject.command)}", "--adapter", str(subject.adapter_path),
                       "--fresh", "--port", str(free_port()), "--ops", ",".join(operations),
                       "--out", str(out)]  # fmt: skip
            for name, value in settings.items():
                command += [f"--{name}", str(value)]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode != 0:
                raise RuntimeError(f"the peer's runner failed:\n{done.stdout[-3000:]}")
            told = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        return [record_of(line, subject.name) for line in told if line["op"] != "idle"]


def record_of(line: dict, server: str) -> dict:
    """One of the runner's lines in our names."""
    out = {"operation": line["op"], "server": server}
    if line["op"] == "concurrent":
        requests = max(1, line["requests"])
        out |= {"operation": f"mixed_{line['clients']}", "requests_per_s": line["req_per_s"], "errors": line["errors"],
                **{f"{percent}_ms": value for percent, value in line["latency_ms"].items()},
                "cpu_s": round(line["server_cpu_s"] / requests, 6)}  # fmt: skip
    names = {"median_s": "seconds", "min_s": "min_s", "max_s": "max_s", "first_byte_s": "first_byte_s",
             "bytes": "bytes",
             "server_cpu_s_per_op": "cpu_s", "peak_rss_mib": "peak_mib", "peak_anon_mib": "anonymous_mib",
             "other_cores": "other_cores", "error": "error"}  # fmt: skip
    return out | {ours: line[theirs] for theirs, ours in names.items() if theirs in line}
