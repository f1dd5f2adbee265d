"""What a pull costs: the first load in rows a second, and what the source spends on an idle cycle and on one with 0.1
% changed rows. `ROWS=10000000 .deps/venv/bin/python tests/mysql/pull_speed.py [mysql57]`. Beside it the server's
own limit (a client that reads all rows and keeps none), and with PEER_PYTHON=… a Python that has connectorx and
pyarrow, the same table by these (peer.py)."""

import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

import servers
import speed

BINARY = os.environ.get("CANVASBACK_BIN", str(servers.ROOT / "build/release/bin/canvasback"))


def anonymous_bytes(pid: int) -> int:
    """Of a process and those that it started: memory that is not of files."""
    total = 0
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            fields = (path / "stat").read_text().rsplit(")", 1)[1].split()
            if int(path.name) != pid and int(fields[1]) != pid:
                continue
            for line in (path / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss_Anon"):
                    total += int(line.split()[1]) * 1024
        except (OSError, IndexError):
            continue
    return total


def pull(server: servers.Server, data: pathlib.Path, *flags: str) -> dict[str, float]:
    before = server.cpu_seconds()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    command = [BINARY, "pull", "--data", str(data), "--json", *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peak = 0

    def watch() -> None:
        nonlocal peak
        while process.poll() is None:
            peak = max(peak, anonymous_bytes(process.pid))
            time.sleep(0.1)

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, _ = process.communicate()
    watcher.join()
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    report = json.loads(output.splitlines()[-1])
    assert report["result"] != "failed", report
    return {
        "report": report,
        "seconds": seconds,
        "server_cpu": server.cpu_seconds() - before,
        "client_cpu": after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime,
        "anonymous_mb": peak / 1e6,
    }


def show(what: str, found: dict[str, float]) -> None:
    report = found["report"]
    print(f"{what}: {report['result']} in {found['seconds']:.2f} s; {report['inserted']:,} inserted, "
          f"{report['updated']:,} updated, {report['deleted']:,} deleted; server {found['server_cpu']:.3f} CPU-s, "
          f"client {found['client_cpu']:.2f} CPU-s, {found['anonymous_mb']:.0f} MB; "
          f"{report['files_written']} files, {report['bytes_written']:,} bytes", flush=True)  # fmt: skip
    for tier in report["tiers"]:
        print(f"    {tier['name']:11} {tier['rows']:>12,} rows {tier['changed']:>10,} changed {tier['seconds']:.3f} s")


def limit(server: servers.Server) -> None:
    """What the server alone can send by one connection."""
    before, began = server.cpu_seconds(), time.monotonic()
    command = ["mariadb", "--no-defaults", "--host=127.0.0.1", f"--port={server.port}", "--user=admin", "--skip-ssl",
               f"--password={servers.ADMIN_PASSWORD}", "--quick", "-N", "-e", "SELECT * FROM orders", "shop"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    print(f"    SELECT * by another client: {time.monotonic() - began:.2f} s, server "
          f"{server.cpu_seconds() - before:.2f} CPU-s", flush=True)  # fmt: skip


def peer(server: servers.Server, rows: int, data: pathlib.Path) -> None:
    before = server.cpu_seconds()
    url = f"mysql://admin:{urllib.parse.quote(servers.ADMIN_PASSWORD)}@127.0.0.1:{server.port}/shop"
    command = [os.environ["PEER_PYTHON"], str(pathlib.Path(__file__).parent / "peer.py"), url, "orders",
               f"{data}.peer.parquet"]  # fmt: skip
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    pathlib.Path(f"{data}.peer.parquet").unlink()
    assert found["rows"] == rows, found
    print(f"    connectorx and pyarrow: {found['seconds']:.2f} s ({found['read_seconds']:.2f} until all is read), "
          f"{rows / found['seconds']:,.0f} rows/s, {found['cpu_seconds']:.2f} CPU-s, server "
          f"{server.cpu_seconds() - before:.2f} CPU-s, {found['resident_mb']:.0f} MB", flush=True)  # fmt: skip


def main() -> None:
    rows = int(os.environ.get("ROWS", "1000000"))
    data = pathlib.Path(tempfile.mkdtemp(prefix="canvasback-pull-speed-"))
    for kind in sys.argv[1:] or servers.KINDS:
        with servers.start(kind, speed.SETTINGS) as server:
            server.execute(speed.TABLE)
            for first in range(0, rows, 1_000_000):
                server.execute(speed.FILL.format(first, speed.MILLION))
            server.execute("ALTER TABLE orders ADD INDEX (updated_at)")
            (data / "sources").mkdir(parents=True)
            (data / "sources/password").write_text(servers.READER_PASSWORD)
            (data / "sources/orders.toml").write_text(
                f'url = "{server.url()}"\npassword_file = "password"\ntable = "orders"\nupdated_at = "updated_at"\n'
                'partition_by = "created_at"\n'
            )
            found = pull(server, data)
            show(f"{kind}, {rows:,} rows, load", found)
            load = next(tier for tier in found["report"]["tiers"] if tier["name"] == "load")
            print(f"    {rows / load['seconds']:,.0f} rows/s, {rows / found['seconds']:,.0f} with all that follows")
            limit(server)
            if "PEER_PYTHON" in os.environ:
                peer(server, rows, data)
            time.sleep(3)
            show("first cycle", pull(server, data))
            time.sleep(3)
            show("idle cycle", pull(server, data))
            for _ in range(3):
                some = time.time_ns() % 1000
                server.execute(f"UPDATE orders SET amount = amount + 1, updated_at = NOW() WHERE id % 1000 = {some}")
                show("0.1 % changed", pull(server, data))
        shutil.rmtree(data)


if __name__ == "__main__":
    main()
