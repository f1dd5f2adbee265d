"""What a figure is worth nothing without: the machine, the versions, the commit, the data."""

import os
import pathlib
import platform
import re
import subprocess

import duckdb
import pyarrow
import pyarrow.parquet


def describe() -> dict:
    """The processor as the kernel names it, without anything that identifies this very machine."""
    text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    name = re.search(r"model name\s*:\s*(.+)", text)
    memory = re.search(r"MemTotal:\s+(\d+) kB", pathlib.Path("/proc/meminfo").read_text(encoding="ascii"))
    return {
        "cpu": name.group(1).strip() if name else platform.machine(), "cores": os.cpu_count(),
        "memory_gib": round(int(memory.group(1)) / 2**20) if memory else None, "kernel": platform.release(),
    }  # fmt: skip


def commit(root: pathlib.Path) -> str:
    """The short commit, with "-changed" where the sources are not what it says."""
    def git(*words: str) -> str:
        return subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True).stdout.strip()

    name = git("rev-parse", "--short", "HEAD") or "unknown"
    return name + ("-changed" if git("status", "--porcelain", "--untracked-files=no", "--", "src", "cmake") else "")


def versions(binary: str) -> dict:
    told = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.split()
    return {"canvasback": told[-1], "duckdb": duckdb.__version__, "arrow": pyarrow.__version__}


def parquet_rows(file: pathlib.Path) -> int:
    return pyarrow.parquet.read_metadata(file).num_rows
