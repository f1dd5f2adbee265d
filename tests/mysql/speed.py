"""How fast a table of ten columns is read, by both protocols, beside what the server needs for it: rows a second, and
nanoseconds of CPU a row of the client and of the server. `make mysql-speed`; ROWS=5000000 for more of them.
"""

import json
import os
import pathlib
import subprocess
import sys

import servers

PROGRAM = pathlib.Path(os.environ.get("CANVASBACK_MYSQL_TEST", servers.ROOT / "build/release/bin/mysql_reader_test"))
TABLE = """
CREATE TABLE orders (
  id BIGINT NOT NULL PRIMARY KEY, seller_id INT NOT NULL, customer_id BIGINT UNSIGNED NOT NULL,
  status VARCHAR(16) NOT NULL, amount DECIMAL(12,2) NOT NULL, quantity SMALLINT NOT NULL, weight DOUBLE,
  note VARCHAR(40),
  created_at DATETIME(6) NOT NULL, updated_at DATETIME NOT NULL)
"""
DIGITS = "(SELECT 0 AS n " + " ".join(f"UNION ALL SELECT {n}" for n in range(1, 10)) + ")"
MILLION = "SELECT " + " + ".join(f"d{i}.n * {10**i}" for i in range(6)) + " AS n FROM " + ", ".join(
    f"{DIGITS} AS d{i}" for i in range(6))  # fmt: skip
FILL = """
INSERT INTO orders SELECT m.n + {0}, m.n % 5000, m.n * 7919 % 1000003, ELT(m.n % 5 + 1, 'open', 'paid', 'shipped',
  'delivered', 'returned'), m.n % 100000 / 100, m.n % 30, m.n / 7, IF(m.n % 4 = 0, NULL, CONCAT('note of order ', m.n)),
  '2024-01-01' + INTERVAL m.n * 17 SECOND + INTERVAL m.n % 1000000 MICROSECOND, '2024-01-01' + INTERVAL m.n * 19 SECOND
FROM ({1}) AS m ORDER BY m.n
"""
SETTINGS = ["--innodb-buffer-pool-size=1G", "--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=256M"]


def environment(server: servers.Server) -> dict[str, str]:
    return dict(os.environ, CANVASBACK_MYSQL_URL=server.url(), CANVASBACK_MYSQL_PASSWORD=servers.READER_PASSWORD,
                CANVASBACK_MYSQL_KIND=server.kind, CANVASBACK_MYSQL_TABLE="orders")  # fmt: skip


def read(server: servers.Server, protocol: str) -> dict[str, float]:
    before = server.cpu_seconds()
    run = subprocess.run([PROGRAM, "--gtest_brief=1", "--gtest_filter=*Throughput"], capture_output=True, text=True,
                         check=True, env=environment(server) | {"CANVASBACK_MYSQL_PROTOCOL": protocol})  # fmt: skip
    found = json.loads(next(line for line in run.stdout.splitlines() if line.startswith("{")))
    return found | {"server_cpu_seconds": server.cpu_seconds() - before}


def main() -> None:
    rows = int(os.environ.get("ROWS", "1000000"))
    for kind in sys.argv[1:] or servers.KINDS:
        with servers.start(kind, SETTINGS) as server:
            server.execute(TABLE)
            for first in range(0, rows, 1_000_000):
                server.execute(FILL.format(first, MILLION))
            for protocol in ("binary", "text", "binary", "text"):
                found = read(server, protocol)
                count = found["rows"]
                assert count == rows, found
                client, behind = (found[name] / count * 1e9 for name in ("cpu_seconds", "server_cpu_seconds"))
                print(f"{kind} {protocol:6} {count:,.0f} rows: {count / found['seconds']:,.0f} rows/s, "
                      f"{found['bytes'] / count:.0f} bytes/row, client {client:.0f} ns/row, server {behind:.0f} ns/row",
                      flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
