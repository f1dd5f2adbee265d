"""Fixtures of the functional tests: running servers, a DuckDB connection as the oracle, and their logs on failure.

CANVASBACK_BIN names the program under test, build/release/bin/canvasback where it is not set; the program without the
statement gate is expected beside it as canvasback_gateless (or named by CANVASBACK_GATELESS_BIN).
"""

import duckdb
import pytest
from many_rows import Many
from serving import BINARY, FLIGHTS, Server


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        for server in Server.running:
            state = "running" if server.alive else f"ended with {server.process.returncode}"
            report.sections.append((f"log of the server on port {server.port} ({state})", server.tail()))


@pytest.fixture(scope="session")
def binary():
    return BINARY


@pytest.fixture
def serve(tmp_path):
    """Starts servers that live as long as the test."""
    started = []

    def start(*paths, **options):
        started.append(Server(tmp_path / f"server-{len(started)}", paths, **options))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def serve_in():
    """Starts servers in a folder whose data/ is there already."""
    started = []

    def start(folder, **options):
        started.append(Server(folder, **options))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="module")
def serve_module(tmp_path_factory):
    """Starts servers that live as long as the module."""
    started = []

    def start(*paths, **options):
        started.append(Server(tmp_path_factory.mktemp("server"), paths, **options))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def oracle():
    """DuckDB itself, in UTC, with the flights as a view."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"CREATE VIEW flights AS FROM '{FLIGHTS}'")
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def flights(tmp_path_factory):
    """A server of the three million flights, for tests that only read."""
    with Server(tmp_path_factory.mktemp("flights"), [f"flights={FLIGHTS}"]) as server:
        yield server


@pytest.fixture(scope="session")
def many(tmp_path_factory, oracle):
    """The hard table as files, served, for tests of selections; see many_rows.py."""
    made = Many(tmp_path_factory.mktemp("many"), oracle.cursor())
    yield made
    made.server.stop()


@pytest.fixture(autouse=True)
def front_stays_alive():
    """Whatever a test does, no front may end by itself."""
    yield
    dead = [server.process.returncode for server in Server.running if not server.alive]
    assert not dead, f"a server ended with {dead}"
