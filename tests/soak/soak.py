"""The long checks of a server under hard use: memory under slow and fast readers, clients that vanish, time-outs,
thousands of cancels, many clients, killed workers, a killed front, a file that is replaced all the time. `make soak`
runs all; names run some.

    python tests/soak/soak.py [--data FOLDER] [--short] [NAME ...]

Each prints its figures and PASS or FAIL; the exit code counts failures. --data keeps the generated input.
"""

import argparse
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "functional"))
from replacing import Replaced, storm  # noqa: E402
from serving import Server as FunctionalServer  # noqa: E402
from support import MemoryWatch, Server, pss, read_at, wait_until  # noqa: E402

LIMIT_PAIR = 300e6  # front + worker, PSS
SHORT_PATIENCE = 18  # the short form runs anywhere, also beside other work: its times are only held to this multiple
SORT = (
    "SELECT max(x) FROM (SELECT list_sort(list_transform(range(60000000), i -> hash(i))) AS l), UNNEST([l[1]]) t(x)"
)
HEAVY = "SELECT count(*) FROM range(100000) a, range(100000) b WHERE hash(a.range, b.range) % 7 = 8"


class Input:
    """Generated files: orders-like rows, a folder of hard links past 10 GB, wide strings."""

    def __init__(self, folder, short):
        import duckdb

        os.makedirs(folder, exist_ok=True)
        self.folder, self.short = folder, short
        self.patience = SHORT_PATIENCE if short else 1
        self.one = os.path.join(folder, "big.parquet")
        self.many = os.path.join(folder, "many")
        self.wide = os.path.join(folder, "wide.parquet")
        con = duckdb.connect()
        rows = 2_000_000 if short else 10_000_000
        if not os.path.exists(self.one):
            con.execute(f"""COPY (SELECT i AS id, TIMESTAMP '2021-01-01' + to_microseconds(i * 9000000) AS ts,
                'seller_' || hash(i) % 48000 AS seller, hash(i, 1) % 2000000 AS offer,
                (hash(i, 2) % 1000000)::DECIMAL(12,2)
                AS price, (hash(i, 3) % 1000000) / 7.0 AS amount, 'note ' || hash(i, 4) AS note FROM range({rows}) t(i))
                TO '{self.one}' (FORMAT parquet, COMPRESSION zstd)""")
        os.makedirs(self.many, exist_ok=True)
        size, count = os.path.getsize(self.one), 0
        while size * count < (0.5e9 if short else 10e9):
            link = os.path.join(self.many, f"part{count:04}.parquet")
            if not os.path.exists(link):
                os.link(self.one, link)
            count += 1
        wide_rows = 3_000 if short else 30_000  # of 50 KB each
        if not os.path.exists(self.wide):
            con.execute(
                f"""COPY (SELECT i AS id, repeat(md5(i::VARCHAR), 1600) AS text FROM range({wide_rows}) t(i))
                TO '{self.wide}' (FORMAT parquet, COMPRESSION zstd)"""
            )


def verdict(name, ok, **figures):
    print(f"{'PASS' if ok else 'FAIL'} {name} " + " ".join(f"{k}={v}" for k, v in figures.items()), flush=True)
    return ok


def mb(x):
    return f"{x / 1e6:.0f}MB"


def memory(data):
    """SELECT * of the large set, as arrow and csv, plain and as SQL, to a slow reader and to a fast one."""
    ok = True
    for name, target in [
        ("arrow", "/api/v1/datasets/many/rows?format=arrow"),
        ("csv", "/api/v1/datasets/many/rows?format=csv"),
        ("sql-arrow", None),
        ("sql-csv", None),
    ]:
        for speed, rate in [("slow", 1e6), ("flat-out", 1e12)]:
            server = Server([f"many={data.many}"])
            try:
                with MemoryWatch(server) as watch:
                    if target:
                        s = server.open_get(target)
                    else:
                        body = json.dumps({"sql": "SELECT * FROM many", "format": name[4:]}).encode()
                        s = server.open_get("/health")
                        s.recv(65536)
                        s.sendall(
                            b"POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                            b"Content-Length: %d\r\n\r\n" % len(body) + body
                        )
                    got = read_at(s, rate, 4 if data.short else 60)
                    s.close()
                ok &= verdict(
                    f"memory {name} {speed}",
                    watch.peak_pair <= LIMIT_PAIR and got > 1e6,
                    front_and_worker=mb(watch.peak_pair),
                    all_processes=mb(watch.peak_all),
                    read=mb(got),
                )
            finally:
                server.stop()
    return ok


def wide(data):
    """50 KB strings: every way either completes or fails cleanly, never past the worker's bound."""
    ok = True
    for name, body in [("rows-arrow", None), ("sql-csv", {"format": "csv"}), ("sql-sort", {"format": "arrow"})]:
        server = Server([f"wide={data.wide}"], "--memory", "6GB")
        try:
            with MemoryWatch(server, 0.02) as watch:
                if body is None:
                    status, _, answer = server.get("/api/v1/datasets/wide/rows?format=arrow", 600)
                else:
                    sql = "SELECT * FROM wide" + (" ORDER BY text, id DESC" if "sort" in name else "")
                    try:
                        status, _, answer = server.query(sql, 600, **body)
                    except Exception as e:  # a stream that broke off is a clean failure too
                        status, answer = type(e).__name__, b""
            after = server.query("SELECT 1")[0]
            bound = 0.75e9 if body is None else 3e9  # a statement may be tried again in the large place
            ok &= verdict(
                f"wide {name}",
                watch.peak_worker <= bound * 1.1 and after == 200,
                status=status,
                bytes=mb(len(answer)),
                peak_worker=mb(watch.peak_worker),
            )
        finally:
            server.stop()
    return ok


def hangups(data):
    """SIGKILL of the client while its query runs and while its answer is sent: the worker is free in 500 ms."""
    ok = True
    server = Server([f"many={data.many}"])
    try:
        url = f"http://127.0.0.1:{server.port}"
        for name, command in [
            (
                "execution",
                ["curl", "-s", "-o", "/dev/null", f"{url}/api/v1/query", "-d", json.dumps({"sql": HEAVY})],
            ),
            (
                "list_sort",
                ["curl", "-s", "-o", "/dev/null", f"{url}/api/v1/query", "-d", json.dumps({"sql": SORT})],
            ),
            (
                "transfer",
                [
                    "curl",
                    "-s",
                    "--limit-rate",
                    "5M",
                    "-o",
                    "/dev/null",
                    f"{url}/api/v1/datasets/many/rows?format=csv",
                ],
            ),
            (
                "full-speed transfer",
                ["curl", "-s", "-o", "/dev/null", f"{url}/api/v1/datasets/many/rows?format=arrow"],
            ),
        ]:
            worst = 0
            for _ in range(3 if data.short else 10):
                client = subprocess.Popen(command)
                wait_until(lambda: server.busy() == 1, 10 * data.patience)
                time.sleep(random.uniform(0.3, 0.8))
                client.send_signal(signal.SIGKILL)
                client.wait()
                freed = wait_until(lambda: server.busy() == 0, 10 * data.patience)
                worst = max(worst, freed if freed is not None else 99)
            ok &= verdict(f"hang-up in {name}", worst <= 0.5 * data.patience, worst_ms=round(worst * 1000))
    finally:
        server.stop()
    return ok


def timeout(data):
    """A time-out of 5 s ends even a sort inside one function call by 6 s; others go on meanwhile."""
    server = Server([f"big={data.one}"])
    try:
        outcome, pages = {}, []

        def run():
            start = time.monotonic()
            outcome["status"] = server.query(SORT, timeout_ms=5000)[0]
            outcome["seconds"] = time.monotonic() - start

        thread = threading.Thread(target=run)
        thread.start()
        while thread.is_alive():
            pages.append(server.get("/api/v1/datasets/big/rows?limit=100")[0])
            pages.append(server.query("SELECT 42")[0])
        gone = wait_until(lambda: server.busy() == 0, 2)
        return verdict(
            "time-out of list_sort",
            outcome["status"] == 504
            and outcome["seconds"] <= 5 + data.patience
            and set(pages) == {200}
            and gone is not None,
            status=outcome["status"],
            seconds=round(outcome["seconds"], 2),
            others=len(pages),
        )
    finally:
        server.stop()


def cancels(data):
    """Thousands of clients that leave after 0 to 50 ms: no task survives, the server answers as before."""
    server = Server([f"big={data.one}", f"many={data.many}"])
    try:
        count, rng = (200 if data.short else 1000), random.Random(1)
        sqls = [
            HEAVY,
            SORT,
            "SELECT * FROM big ORDER BY note",
            "SELECT seller, sum(amount) FROM big GROUP BY 1",
            "SELECT 1",
        ]
        start = time.monotonic()
        for i in range(count):
            body = json.dumps({"sql": rng.choice(sqls), "format": "csv"}).encode()
            s = server.open_get("/nothing") if i % 50 == 0 else None
            if s:
                s.close()
            import socket

            c = socket.create_connection(("127.0.0.1", server.port))
            if i % 4 == 0:
                c.sendall(b"GET /api/v1/datasets/many/rows?format=csv HTTP/1.1\r\nHost: localhost\r\n\r\n")
            else:
                c.sendall(
                    b"POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    b"Content-Length: %d\r\n\r\n" % len(body) + body
                )
            time.sleep(rng.uniform(0, 0.05))
            c.close()
        seconds = time.monotonic() - start
        free = wait_until(
            lambda: server.busy() == 0 and json.loads(server.get("/health")[2])["tasks"]["waiting"] == 0,
            5 * data.patience,
        )
        right = server.query("SELECT count(*) FROM big", format="json")
        queries = json.loads(server.get("/api/v1/queries")[2])["queries"]
        return verdict(
            "cancels",
            free is not None and right[0] == 200 and not queries,
            count=count,
            seconds=round(seconds, 1),
            all_free_after_ms=round((free or 99) * 1000),
            still_listed=len(queries),
        )
    finally:
        server.stop()


def kills(data):
    """SIGKILL of a worker in mid-stream and of the front: what is left, and does it start again at once?"""
    ok = True
    server = Server([f"many={data.many}"])
    try:
        import http.client

        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("GET", "/api/v1/datasets/many/rows?format=arrow")
        answer = connection.getresponse()
        answer.read(1 << 20)
        health = json.loads(server.get("/health")[2])
        busy = [w["pid"] for w in health["workers"] if w["state"] in ("busy", "parked")]
        os.kill(busy[0], signal.SIGKILL)
        broken = False
        try:
            while answer.read(1 << 20):
                pass
        except (http.client.IncompleteRead, ConnectionError):
            broken = True
        again = server.query("SELECT count(*) AS n FROM many")[0]
        ok &= verdict("SIGKILL of a worker in mid-stream", broken and again == 200, broken=broken, next_query=again)

        stream = server.open_get("/api/v1/datasets/many/rows?format=csv")
        stream.recv(1000)
        spilling = threading.Thread(
            target=lambda: quietly(lambda: server.query("SELECT * FROM many ORDER BY note", 30, format="csv"))
        )
        spilling.start()
        time.sleep(2)
        children = server.workers()
        spill = os.path.join(server.data, "spill")
        files_before = sum(len(f) for _, _, f in os.walk(spill))
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        gone = wait_until(lambda: not any(os.path.exists(f"/proc/{p}") and state(p) != "Z" for p in children), 5)
        files = [f for _, _, names in os.walk(spill) for f in names]
        start = time.monotonic()
        second = subprocess.Popen(
            [
                os.environ.get("CANVASBACK_BIN", "build/release/bin/canvasback"),
                "serve",
                data.one,
                "--listen",
                f"127.0.0.1:{server.port}",
                "--data",
                server.data,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        line = second.stdout.readline().decode()
        restart = time.monotonic() - start
        second.terminate()
        second.wait()
        spilling.join()
        ok &= verdict(
            "SIGKILL of the front",
            gone is not None and not files and "http" in line,
            workers=len(children),
            spill_files_before=files_before,
            all_gone_ms=round((gone or 99) * 1000),
            spill_files=len(files),
            restart_ms=round(restart * 1000),
        )
    finally:
        server.stop()
    return ok


def quietly(work):
    try:
        work()
    except Exception:
        pass


def state(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "Z"


def crowd(data):
    """200 heavy clients on 4 workers: order kept, 429 with Retry-After, /health stays quick."""
    server = Server([f"big={data.one}"], "--workers", "4")
    try:
        done, lock = [], threading.Lock()
        statuses, retry, health = [], [], []
        count = 60 if data.short else 200
        stop = threading.Event()

        def probe():
            while not stop.is_set():
                start = time.monotonic()
                server.get("/health")
                health.append(time.monotonic() - start)
                time.sleep(0.005)

        def client(number):
            status, headers, _ = server.query(
                f"SELECT seller, sum(amount) s, {number} FROM big GROUP BY 1 ORDER BY 2 LIMIT 3", 300
            )
            with lock:
                statuses.append(status)
                if status == 200:
                    done.append(number)
                elif status == 429:
                    retry.append(int(headers["Retry-After"]))

        watcher = threading.Thread(target=probe)
        watcher.start()
        threads = []
        for i in range(count):
            thread = threading.Thread(target=client, args=(i,))
            thread.start()
            threads.append(thread)
            time.sleep(0.01)  # so that the order of arrival is the order of starting
        for thread in threads:
            thread.join()
        stop.set()
        watcher.join()
        # With n at a time, a task may overtake only those that run beside it.
        late = max((done.index(n) - sum(m < n for m in done) for n in done), default=0)
        p99 = sorted(health)[int(len(health) * 0.99)]
        return verdict(
            "crowd",
            set(statuses) <= {200, 429} and late <= 8 and p99 < 0.05,
            clients=count,
            done=len(done),
            refused=len(retry),
            retry_after=sorted(set(retry)),
            overtaken_by=late,
            health_p99_ms=round(p99 * 1000, 1),
        )
    finally:
        server.stop()


def stalls(data):
    """Two exports to 1 MB/s readers and 50 readers that read nothing: pages answer as if alone."""
    server = Server([f"many={data.many}", f"big={data.one}"])
    try:

        def pages(n):
            out = []
            for i in range(n):
                start = time.monotonic()
                status, _, _ = server.get(f"/api/v1/datasets/big/rows?offset={i * 37 % 100000}&limit=1000")
                assert status == 200, status
                out.append(time.monotonic() - start)
            return sorted(out)

        pages(200)
        n = 300 if data.short else 1500
        alone = pages(n)
        stop = threading.Event()

        def slow():
            s = server.open_get("/api/v1/datasets/many/export?format=csv")
            while not stop.is_set():
                read_at(s, 1e6, 0.5)
            s.close()

        readers = [threading.Thread(target=slow) for _ in range(2)]
        for r in readers:
            r.start()
        stalled, refused = [], 0
        for _ in range(50):
            s = server.open_get("/api/v1/datasets/many/export?format=arrow", 4096)
            s.settimeout(60)
            stalled.append(s)
        time.sleep(5)
        crowded = pages(n)
        for s in stalled:
            head = s.recv(12)
            refused += b"429" in head
        states = server.states()
        cut = wait_until(lambda: server.states().count("parked") <= 2, 60, 0.5) if not data.short else 0
        stop.set()
        for r in readers:
            r.join()
        for s in stalled:
            s.close()
        p95 = lambda x: x[int(len(x) * 0.95)]  # noqa: E731
        ratio = p95(crowded) / p95(alone)
        return verdict(
            "stalls",
            ratio <= 2,
            alone_p95_ms=round(p95(alone) * 1e3, 2),
            crowded_p95_ms=round(p95(crowded) * 1e3, 2),
            ratio=round(ratio, 2),
            parked=states.count("parked"),
            refused=refused,
            stalled_cut_after_s=None if cut is None else round(cut, 1),
        )
    finally:
        server.stop()


def replaced(data):
    """A served file renamed over another every 50 ms under 20 clients: no answer but 200, each of one version and none
    of one that was gone before it was asked for, and 95 of 100 take at most ten times what a file that stays takes."""
    seconds, clients = (10, 20) if data.short else (60, 20)
    with tempfile.TemporaryDirectory(prefix="canvasback-soak-") as folder:
        served = Replaced(pathlib.Path(folder) / "in/one.parquet")
        with FunctionalServer(pathlib.Path(folder) / "server", [served.path]) as server:
            calm = storm(server, served, seconds / 3, clients, replacing=False)
            stormy = storm(server, served, seconds, clients)
            ratio = stormy["p95_ms"] / calm["p95_ms"]
            return verdict(
                "replaced",
                not stormy["bad"] and not calm["bad"] and ratio <= 10 * data.patience,
                ratio=round(ratio, 2),
                calm=calm,
                replaced=served.current,
                stormy=stormy,
            )


CHECKS = {f.__name__: f for f in (memory, wide, hangups, timeout, cancels, kills, crowd, stalls, replaced)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *CHECKS], help=", ".join(CHECKS))
    parser.add_argument("--data", help="folder for generated input, kept (default: a temporary one)")
    parser.add_argument("--short", action="store_true", help="small input and few rounds")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="canvasback-soak-input-") as temporary:
        data = Input(arguments.data or temporary, arguments.short)
        failures = sum(not CHECKS[name](data) for name in (arguments.names or CHECKS))
    sys.exit(min(failures, 100))


if __name__ == "__main__":
    main()
