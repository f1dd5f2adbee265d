"""source/mysql on MySQL 5.7.22 and MariaDB 10.11: the program mysql_reader_test (reader_test.cpp) reads from a server
of the test's own; what it read is compared with what PyMySQL and mysql-connector read. `make mysql-test`.
"""

import os
import pathlib
import random
import subprocess
from collections.abc import Iterator

import pytest
import servers
import torture

PROGRAM = pathlib.Path(os.environ.get("CANVASBACK_MYSQL_TEST", servers.ROOT / "build/release/bin/mysql_reader_test"))
PASSED_SECONDS = 300
COLLATIONS = ["utf8mb4_general_ci", "utf8mb4_bin", "utf8mb4_unicode_ci", "utf8mb4_unicode_520_ci", "utf8mb4_german2_ci",
              "utf8mb4_spanish2_ci", "utf8mb4_swedish_ci", "utf8_general_ci", "utf8_unicode_ci", "utf8_bin",
              "latin1_swedish_ci", "latin1_bin", "latin1_general_cs", "latin1_german1_ci", "latin1_german2_ci",
              "ascii_general_ci", "ascii_bin", "cp1252_none"]  # fmt: skip
MARIADB_COLLATIONS = ["utf8mb4_nopad_bin", "utf8mb4_general_nopad_ci", "utf8mb4_unicode_nopad_ci",
                      "utf8mb4_uca1400_ai_ci", "utf8mb4_uca1400_nopad_as_cs", "latin1_swedish_nopad_ci"]  # fmt: skip
LETTERS = ["a", "A", "b", "B", "z", "Z", "0", "9", "_", "-", ".", " ", " ", "  ", "\t", "\n", "s", "ss", "é", "É", "ä",
           "ß", "æ", "ch", "ll", "ñ", "å"]  # fmt: skip
MORE_LETTERS = ["Ж", "ж", "漢", "字", "ﷺ", "ﬁ", "İ", "ı", "e\u0301", "\u00ad"]
EMOJI = ["😀", "😁"]


@pytest.fixture(scope="module", params=servers.KINDS)
def server(request: pytest.FixtureRequest) -> Iterator[servers.Server]:
    if not servers.program(request.param):
        pytest.skip(f"{request.param} is not installed: scripts/setup mysql")
    with servers.start(request.param) as started:
        yield started


def environment(server: servers.Server, **more: str) -> dict[str, str]:
    return os.environ | {
        "CANVASBACK_MYSQL_KIND": server.kind,
        "CANVASBACK_MYSQL_URL": server.url(),
        "CANVASBACK_MYSQL_PASSWORD": servers.READER_PASSWORD,
        "CANVASBACK_MYSQL_ADMIN_URL": server.url("admin"),
        "CANVASBACK_MYSQL_ADMIN_PASSWORD": servers.ADMIN_PASSWORD,
    } | {f"CANVASBACK_MYSQL_{name}": value for name, value in more.items()}  # fmt: skip


def passes(server: servers.Server, tests: str, **more: str) -> None:
    """Runs tests of the program that must all run and pass."""
    run = subprocess.run([PROGRAM, "--gtest_brief=1", f"--gtest_filter={tests}"], capture_output=True, text=True,
                         env=environment(server, **more), timeout=PASSED_SECONDS)  # fmt: skip
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    assert " PASSED " in run.stdout and "[  PASSED  ] 0 tests" not in run.stdout, run.stdout
    assert " SKIPPED " not in run.stdout, run.stdout


def test_every_type_at_its_limits_is_exact(server: servers.Server, tmp_path: pathlib.Path) -> None:
    connection = server.connect()
    tables = torture.create(connection, server.kind)
    passes(server, "MysqlReader.DumpsTables", DUMP=str(tmp_path), TABLES=" ".join(tables))
    compared = 0
    for table in tables:
        for suffix in ("", ".text", ".query"):
            compared += torture.compare(tmp_path, suffix, connection, table)
        compared += torture.compare_binary(tmp_path, server.port, servers.ADMIN_PASSWORD, connection, table)
    assert compared > 2000
    print(f"{server.kind}: {compared} values compared")


def test_dates_that_are_none_are_counted(server: servers.Server, tmp_path: pathlib.Path) -> None:
    connection = server.connect()
    with connection.cursor() as cursor:
        cursor.execute("SHOW TABLES LIKE 'times'")
        if not cursor.fetchall():
            torture.create(connection, server.kind)
    passes(server, "MysqlReader.DumpsTables", DUMP=str(tmp_path), TABLES="times shapes")
    counted = [line.split("\t") for line in (tmp_path / "times.counts").read_text().splitlines()]
    expected = torture.impossible_dates(connection, "times")
    assert {name: int(dates) for name, dates, _ in counted} == expected
    assert sum(expected.values()) == 13
    shapes = [line.split("\t") for line in (tmp_path / "shapes.counts").read_text().splitlines()]
    assert {name: int(srids) for name, _, srids in shapes if srids != "0"} == {"g": 1}


def test_session_errors_and_sandbox(server: servers.Server) -> None:
    left_out = ("DumpsTables", "Throughput", "KeysOfText*", "LiteralsCompare*", "LoadsPlugins*", "ServerKilled*")
    passes(server, "MysqlReader.*-" + ":".join(f"MysqlReader.{name}" for name in left_out))


def words(letters: list[str], seed: int) -> list[str]:
    chooser = random.Random(seed)
    found = {"", " ", "a", "a ", "a  ", "a\t", "A", "ss", "ß"} & {"", " ", *letters, "a ", "a  ", "a\t"}
    while len(found) < 200:
        found.add("".join(chooser.choice(letters) for _ in range(chooser.randint(0, 6)))[:8])
    return sorted(found)


def letters_of(collation: str) -> list[str]:
    if collation.startswith("ascii"):
        return [letter for letter in LETTERS if letter.isascii()]
    if collation.startswith("latin1"):
        return LETTERS
    return LETTERS + MORE_LETTERS + (EMOJI if collation.startswith("utf8mb4") else [])


def test_keys_of_text_compare_as_the_server_does(server: servers.Server) -> None:
    connection = server.connect()
    tables = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT collation_name, character_set_name FROM information_schema.collation_character_set_"
                       "applicability")  # fmt: skip
        known = {(row[0].decode() if isinstance(row[0], bytes) else row[0]) for row in cursor}
        for collation in COLLATIONS + MARIADB_COLLATIONS:
            # MariaDB calls utf8 utf8mb3.
            name = collation if collation in known else collation.replace("utf8_", "utf8mb3_")
            if name not in known and "uca1400" not in name:
                continue
            character_set = name.split("_")[0]
            table = f"keys_{collation}"
            try:
                cursor.execute(f"CREATE TABLE {table} (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(8) CHARACTER SET "
                               f"{character_set} COLLATE {name} NOT NULL)")  # fmt: skip
            except servers.pymysql.MySQLError:
                assert server.kind == "mysql57" and "uca1400" in name
                continue
            cursor.executemany(f"INSERT INTO {table} (v) VALUES (%s)",
                               [(word,) for word in words(letters_of(collation), len(collation))])  # fmt: skip
            tables.append(table)
    assert len(tables) >= (23 if server.kind == "mariadb" else 17)
    passes(server, "MysqlReader.KeysOfText*", KEYS=" ".join(tables))


LITERALS = """
CREATE TABLE literals (id INT PRIMARY KEY, e ENUM('z', 'a', 'it''s', 'm') NOT NULL, s SET('z', 'a', 'b') NOT NULL,
  f FLOAT NOT NULL, d DOUBLE NOT NULL, n DECIMAL(30,20) NOT NULL, t TIME(3) NOT NULL, dt DATETIME(6) NOT NULL,
  ts TIMESTAMP(6) NULL, y YEAR NOT NULL, v VARCHAR(9) NOT NULL, b VARBINARY(9) NOT NULL, u BIGINT UNSIGNED NOT NULL);
INSERT INTO literals VALUES
  (1, 'z', 'z', -0.1, 0.1, -0.00000000000000000001, '-00:00:00.001', '0001-01-01 00:00:00',
   '1970-01-01 00:00:01.000001', 1901, 'a', x'00', 0),
  (2, 'm', 'a,b', 0.3, 0.3, 0, '00:00:00', '2024-01-01 00:00:00.000001', '2024-01-01 00:00:00', 2024, 'b\\\\', x'27',
   9223372036854775808),
  (3, 'a', 'z,b', 16777216, 1e300, 0.1, '838:59:59', '9999-12-31 23:59:59.999999', '2038-01-19 03:14:07.999999', 2155,
   'c"', x'ff', 18446744073709551615),
  (4, 'it''s', 'a', 1e30, 1e301, 1, '838:59:58.5', '2024-01-01', '2024-01-01 00:00:00.5', 2023, 'd', x'ff00', 5)
"""


def test_literals_compare_with_their_columns(server: servers.Server) -> None:
    server.execute("SET SESSION time_zone = '+00:00'", *LITERALS.split(";"))
    passes(server, "MysqlReader.LiteralsCompare*", LITERALS="literals")


def test_server_that_dies_in_the_middle(server: servers.Server) -> None:
    passes(server, "MysqlReader.ServerKilled*", PROCESS_TO_KILL=str(server.process.pid))
    server.process.wait()


def test_tls_and_plugins() -> None:
    if not servers.program("mariadb"):
        pytest.skip("mariadb is not installed: scripts/setup mysql")
    with servers.start("mariadb", tls=True) as server:
        server.execute("INSTALL SONAME 'auth_ed25519'",
                       "CREATE USER 'plugin'@'%' IDENTIFIED VIA ed25519 USING PASSWORD('{}')".format(
                           servers.READER_PASSWORD.replace("\\", "\\\\").replace("'", "\\'")),
                       "GRANT SELECT ON shop.* TO 'plugin'@'%'")  # fmt: skip
        passes(server, "MysqlReader.LoadsPlugins*", PLUGIN_USER="plugin")
        passes(server, "MysqlReaderTls.*", CERTIFICATES=str(server.folder))
