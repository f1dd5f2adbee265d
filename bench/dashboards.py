"""How long all tiles of each of the program's dashboards take when a filter changes, with rollups and without.

    python3 bench/dashboards.py --orders 10000000 --states 12

Makes the marketplace once (in the folder of --data, which is kept), serves it twice on loopback, one server after the
other, and asks each dashboard in random states that nobody has asked before: the answers are computed, not cached.
Prints the median and the 95th percentile in milliseconds, and how many tiles were made of rollups.
"""

import argparse
import http.client
import json
import os
import pathlib
import random
import re
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BINARY = os.environ.get("CANVASBACK_BIN", ROOT / "build/release/bin/canvasback")
TABLES = ("orders", "offers", "sellers", "customers")


class Server:
    def __init__(self, shop, settings):
        self.folder = tempfile.TemporaryDirectory()
        paths = [f"{name}={shop / name}.parquet" for name in TABLES]
        command = [BINARY, "serve", *paths, "--listen", "127.0.0.1:0", "--data", f"{self.folder.name}/data"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **settings},
                                        stderr=subprocess.DEVNULL)  # fmt: skip
        self.port = int(re.search(rb":(\d+)", self.process.stdout.readline()).group(1))

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        connection.request(method, path, body and json.dumps(body))
        answer = connection.getresponse().read()
        connection.close()
        return answer

    def dashboard(self, **body):
        began = time.perf_counter()
        answer = json.loads(self.ask("POST", "/api/v1/dashboards/query", body))
        return (time.perf_counter() - began) * 1000, answer

    def made(self):
        found = re.search(rb"canvasback_rollups_made_total (\d+)", self.ask("GET", "/metrics"))
        return int(found.group(1)) if found else 0

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


def values_of(server, document, name):
    """Some values of a dimension that filters are of."""
    models = document["metrics"] if isinstance(document["metrics"], list) else [document["metrics"]]
    for model in models:
        names = [entry if isinstance(entry, str) else entry["name"] for entry in model.get("dimensions", [])]
        if name not in names:
            continue
        small = {**model, "measures": [{"name": "rows", "agg": "count"}]}
        tile = {"type": "table", "measure": "rows", "by": name, "limit": 30}
        _, answer = server.dashboard(document={"title": "x", "metrics": small, "tiles": [tile]}, period="all")
        return [row[0] for row in answer["tiles"][0]["answer"]["rows"]]
    return []


def states_of(server, document, count):
    """Filters by one or two values; the same for both servers."""
    rng = random.Random(document["title"])
    values = {name: found for name in document.get("filters", []) if (found := values_of(server, document, name))}
    for _ in range(count):
        names = rng.sample(sorted(values), min(len(values), rng.randint(1, 2)))
        yield {name: rng.sample(values[name], min(len(values[name]), rng.randint(1, 3))) for name in names}


def measure(server, name, document, states, with_rollups):
    models = document["metrics"] if isinstance(document["metrics"], list) else [document["metrics"]]
    seconds = 0
    if with_rollups:
        before, began = server.made(), time.perf_counter()
        number = 0
        while server.made() < before + len(models) and time.perf_counter() < began + 300:
            server.dashboard(dashboard=name, filters={next(iter(states[0]), "x"): [f"nothing {number}"]})
            number += 1
            time.sleep(0.2)
        seconds = time.perf_counter() - began
    times, of_rollups, tiles = [], 0, 0
    for filters in states:
        took, answer = server.dashboard(dashboard=name, filters=filters)
        times.append(took)
        shown = [tile["answer"] for tile in answer["tiles"] if "answer" in tile]
        tiles = len(shown)
        of_rollups = sum("rollup" in one for one in shown)
    times.sort()
    return statistics.median(times), times[int(len(times) * 0.95)], of_rollups, tiles, seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=10_000_000)
    parser.add_argument("--states", type=int, default=12)
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "marketplace")
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    shop = options.data / str(options.orders)
    if not (shop / "orders.parquet").exists():
        command = [BINARY, "generate", "--type", "marketplace", "--orders", str(options.orders), "--out", shop]
        subprocess.run(command, check=True)
    rows, states = {}, {}
    for kind, settings in (("rows", {"CANVASBACK_ROLLUP_BYTES_MAX": "0"}), ("rollups", {})):
        server = Server(shop, settings)
        try:
            listed = json.loads(server.ask("GET", "/api/v1/dashboards"))["dashboards"]
            for name in sorted(entry["name"] for entry in listed):
                if options.only and name not in options.only:
                    continue
                document = json.loads(server.ask("GET", f"/api/v1/dashboards/{name}"))["document"]
                if name not in states:  # asked of the first server: a document of its own has rollups of its own
                    states[name] = list(states_of(server, document, options.states))
                rows.setdefault(name, {})[kind] = measure(server, name, document, states[name], kind == "rollups")
        finally:
            server.stop()
    print(f"{options.orders:,} orders; ms: rows median, p95; rollups median, p95; tiles of rollups; s until made")
    for name, by in rows.items():
        plain, made = by["rows"], by["rollups"]
        print(f"{name:28} {plain[0]:8.0f} {plain[1]:8.0f} {made[0]:8.0f} {made[1]:8.0f} "
              f"{made[2]:4}/{made[3]:<4} {made[4]:6.1f}")  # fmt: skip


if __name__ == "__main__":
    main()
