"""MySQL 5.7.22 and MariaDB 10.11 for tests: each a process of the test's own on a free port of the loopback interface,
with its data in a folder that goes with it. `scripts/setup mysql` installs both.

    with servers.start("mysql57") as server:
        connection = server.connect()              # PyMySQL, all rights
        url = server.url("reader", "shop")         # SELECT alone

Root starts them as another user, because mysqld refuses root; anyone else starts them as themselves.
"""

import contextlib
import dataclasses
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator

import pymysql

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MYSQL57 = pathlib.Path(os.environ.get("CANVASBACK_MYSQL57", ROOT / ".deps/mysql"))
KINDS = ("mysql57", "mariadb")
START_SECONDS = 60
STOP_SECONDS = 30
READER_PASSWORD = "reads only, with a ' and a \\"
ADMIN_PASSWORD = "all rights"
USERS = f"""
CREATE USER IF NOT EXISTS 'admin'@'%' IDENTIFIED BY '{ADMIN_PASSWORD}';
GRANT ALL ON *.* TO 'admin'@'%' WITH GRANT OPTION;
CREATE DATABASE IF NOT EXISTS shop CHARACTER SET utf8mb4;
""" + """
CREATE USER IF NOT EXISTS 'reader'@'%' IDENTIFIED BY '{}';
GRANT SELECT ON shop.* TO 'reader'@'%';
""".format(READER_PASSWORD.replace("\\", "\\\\").replace("'", "\\'"))


def program(kind: str) -> pathlib.Path | None:
    """The server's program, or None where `scripts/setup mysql` has not been run."""
    if kind == "mysql57":
        found = MYSQL57 / "bin/mysqld"
        return found if found.exists() else None
    found = shutil.which("mariadbd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    return pathlib.Path(found) if found else None


def runs_as() -> dict[str, int]:
    """Whom the server runs as, as arguments of Popen."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def certificates(folder: pathlib.Path) -> None:
    """An authority (ca.pem), its certificate for localhost (server.pem), another authority (other.pem)."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    for name in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={name}",
                "-keyout", f"{name}-key.pem", "-out", f"{name}.pem")  # fmt: skip
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
            "-keyout", "server-key.pem", "-out", "server-request.pem")  # fmt: skip
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-in", "server-request.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial",
            "-days", "30", "-extfile", "names", "-out", "server.pem")  # fmt: skip


@dataclasses.dataclass
class Server:
    """A running server."""

    kind: str
    folder: pathlib.Path
    port: int
    process: subprocess.Popen[bytes]

    def connect(self, database: str | None = "shop", **arguments: object) -> pymysql.connections.Connection:
        """As admin, with autocommit."""
        return pymysql.connect(host="127.0.0.1", port=self.port, user="admin", password=ADMIN_PASSWORD,
                               database=database, charset="utf8mb4", autocommit=True, **arguments)  # fmt: skip

    def execute(self, *statements: str) -> None:
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def url(self, user: str = "reader", database: str = "shop") -> str:
        return f"mysql://{user}@127.0.0.1:{self.port}/{database}"

    def cpu_seconds(self) -> float:
        """What the process has used so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """As a crash ends it."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()


def initialise(kind: str, data: pathlib.Path, log: pathlib.Path) -> None:
    if kind == "mysql57":
        command = [str(program(kind)), "--no-defaults", "--initialize-insecure", f"--datadir={data}",
                   f"--lc-messages-dir={MYSQL57}/share"]  # fmt: skip
    else:
        command = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db", "--skip-name-resolve",
                   "--auth-root-authentication-method=normal"]  # fmt: skip
    with log.open("ab") as output:
        subprocess.run(command, check=True, stdout=output, stderr=output, cwd=data, **runs_as())


def command_of(kind: str, folder: pathlib.Path, port: int) -> list[str]:
    common = [str(program(kind)), "--no-defaults", f"--datadir={folder}/data", f"--port={port}",
              "--bind-address=127.0.0.1", f"--socket={folder}/socket", f"--pid-file={folder}/pid",
              f"--init-file={folder}/users.sql", "--skip-name-resolve", "--character-set-server=utf8mb4",
              "--max-allowed-packet=64M"]  # fmt: skip
    if kind == "mysql57":
        share = MYSQL57 / "share"
        return [*common, "--skip-ssl", f"--lc-messages-dir={share}", f"--character-sets-dir={share}/charsets",
                "--explicit-defaults-for-timestamp"]  # fmt: skip
    return common


def running(server: Server, log: pathlib.Path) -> bool:
    """Whether the server takes connections yet. An error: it has ended."""
    if server.process.poll() is not None:
        raise RuntimeError(f"{server.kind} ended:\n" + log.read_text(errors="replace")[-3000:])
    try:
        server.connect().close()
    except pymysql.MySQLError:
        return False
    return True


def launch(kind: str, folder: pathlib.Path, port: int, options: list[str]) -> Server:
    log = folder / "log"
    with log.open("ab") as output:
        process = subprocess.Popen([*command_of(kind, folder, port), *options], stdout=output, stderr=output,
                                   cwd=folder, **runs_as())  # fmt: skip
    server = Server(kind, folder, port, process)
    deadline = time.monotonic() + START_SECONDS
    try:
        while not running(server, log):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{kind} did not start:\n" + log.read_text(errors="replace")[-3000:])
            time.sleep(0.05)
    except BaseException:
        server.stop()
        raise
    return server


@contextlib.contextmanager
def start(kind: str, options: list[str] | None = None, *, tls: bool = False) -> Iterator[Server]:
    """A server of this kind ("mysql57" or "mariadb"), ended with the context. tls: with certificates(), in its folder;
    of MariaDB alone, because the TLS of MySQL 5.7.22 is one that OpenSSL 3 no longer speaks."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="canvasback-mysql-"))
    server = None
    try:
        (folder / "data").mkdir()
        (folder / "users.sql").write_text("\n".join(line for line in USERS.splitlines() if line))
        if tls:
            certificates(folder)
            options = [*(options or []), f"--ssl-ca={folder}/ca.pem", f"--ssl-cert={folder}/server.pem",
                       f"--ssl-key={folder}/server-key.pem"]  # fmt: skip
        if who := runs_as():
            for path in (folder, *folder.iterdir()):
                os.chown(path, who["user"], who["group"])
        initialise(kind, folder / "data", folder / "log")
        server = launch(kind, folder, free_port(), options or [])
        yield server
    finally:
        if server:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def restart(server: Server, options: list[str] | None = None) -> Server:
    """The same data on the same port, after kill() or stop()."""
    return launch(server.kind, server.folder, server.port, options or [])
