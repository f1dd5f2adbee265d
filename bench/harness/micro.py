"""The inner loops: runs google-benchmark programs and puts each result beside its limit.

A benchmark names its limits in its label ("limit=NAME,NAME", names of benchmarks of the same program, the first one the
limit that counts). Compared are bytes a second where both have them, else items a second.
"""

import json
import pathlib
import subprocess

ARGUMENTS = ["--benchmark_format=json", "--benchmark_min_time=0.3"]


def run(programs: list[pathlib.Path], parquet: pathlib.Path) -> list[dict]:
    """{"program", "name", "bytes_per_s", "items_per_s", "limits": [{"name", "share"}]} of every benchmark."""
    out = []
    for program in programs:
        done = subprocess.run([str(program), *ARGUMENTS], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
                              env={"BENCH_PARQUET": str(parquet)})  # fmt: skip
        out += with_limits(program.name.removeprefix("bench_"), json.loads(done.stdout)["benchmarks"])
    return out


def with_limits(program: str, benchmarks: list[dict]) -> list[dict]:
    by_name = {entry["name"]: entry for entry in benchmarks}
    out = []
    for entry in benchmarks:
        label = entry.get("label", "")
        names = label.removeprefix("limit=").split(",") if label.startswith("limit=") else []
        out.append({
            "program": program, "name": entry["name"],
            "bytes_per_s": round(entry.get("bytes_per_second", 0)),
            "items_per_s": round(entry.get("items_per_second", 0)),
            "limits": [{"name": name, "share": share(entry, by_name[name])} for name in names],
        })  # fmt: skip
    return out


def share(entry: dict, limit: dict) -> float:
    """What part of the limit's rate the benchmark reaches."""
    for rate in ("bytes_per_second", "items_per_second"):
        if entry.get(rate) and limit.get(rate):
            return round(entry[rate] / limit[rate], 4)
    raise ValueError(f"{entry['name']} and its limit {limit['name']} have no rate in common")


def lines(results: list[dict]) -> list[str]:
    out = [f"{'inner loop':44} {'MB/s':>10} {'M items/s':>10}   share of its limit"]
    for entry in results:
        shares = ", ".join(f"{limit['share']:.1%} of {limit['name']}" for limit in entry["limits"])
        rate = f"{entry['bytes_per_s'] / 1e6:10,.0f}" if entry["bytes_per_s"] else " " * 10
        items = f"{entry['items_per_s'] / 1e6:10,.3f}" if entry["items_per_s"] else " " * 10
        out.append(f"{entry['program'] + ' ' + entry['name']:44} {rate} {items}   {shares}".rstrip())
    return out
