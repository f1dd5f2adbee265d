"""The command line: query, export, info and datasets in every format, over files and over a running server."""

import fcntl
import hashlib
import json
import os
import pathlib
import pty
import re
import signal
import struct
import subprocess
import termios
import time
import urllib.request

import hard_table
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet
import pytest
from canonical import expected
from readers import FORMATS, READERS
from serving import BINARY, FLIGHTS

FAILS_LATE = "SELECT CASE WHEN i = 4900000 THEN CAST('x' || i AS BIGINT) ELSE i END AS j FROM range(5000000) t(i)"
EXTENSIONS = {"json": "json", "ndjson": "ndjson", "csv": "csv", "arrow": "arrows", "arrow_file": "arrow",
              "parquet": "parquet"}  # fmt: skip


def run(*arguments, cwd=None, **options):
    return subprocess.run([BINARY, *map(str, arguments)], cwd=cwd, capture_output=True, timeout=120, **options)


def good(*arguments, **options):
    """The standard output of a command that must succeed and keep quiet about it."""
    done = run(*arguments, **options)
    assert done.returncode == 0, (done.returncode, done.stderr)
    if "--out" in arguments:
        check_receipt(pathlib.Path(arguments[arguments.index("--out") + 1]), done.stderr)
    else:
        assert done.stderr == b"", done.stderr
    return done.stdout


def check_receipt(path, text):
    """`FILE: 3 rows, 24 bytes, sha256 …` on stderr, true of the file; gives the rows."""
    data = path.read_bytes()
    found = re.fullmatch(r"(.*): ([0-9,]+) rows, ([0-9,]+) bytes, sha256 ([0-9a-f]{64})\n", text.decode())
    assert found and found.group(1) == str(path), text
    assert int(found.group(3).replace(",", "")) == len(data)
    assert found.group(4) == hashlib.sha256(data).hexdigest()
    return int(found.group(2).replace(",", ""))


@pytest.fixture(scope="module")
def sample(oracle, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    names = [name for name in hard_table.COLUMNS if name not in hard_table.NOT_IN_PARQUET]
    oracle.execute(f"COPY ({hard_table.select(72, names)}) TO '{folder}/hard.parquet'")
    return folder


@pytest.fixture(scope="module", params=("here", "server"))
def where(request, sample, serve_module):
    """(arguments of query, arguments of export) for the sample, by a private runtime and by a running server."""
    if request.param == "here":
        return [sample / "hard.parquet"], [sample / "hard.parquet"]
    server = serve_module(sample / "hard.parquet", f"flights={FLIGHTS}")
    return ["--server", server.url], ["hard", "--server", server.url]


@pytest.mark.parametrize("format_", FORMATS)
def test_query_and_export_in_every_format(where, oracle, sample, tmp_path, format_):
    kinds, columns = expected(oracle, f"SELECT * FROM '{sample}/hard.parquet'")
    query, export = where
    for command in (["query", "SELECT * FROM hard", *query], ["export", *export]):
        piped = good(*command, "--format", format_)
        assert READERS[format_](piped, kinds) == columns
        path = tmp_path / f"{command[0]}.{EXTENSIONS[format_]}"
        assert good(*command, "--out", path) == b"", "the format comes from the file's name"
        assert READERS[format_](path.read_bytes(), kinds) == columns
        assert [entry.name for entry in tmp_path.iterdir() if entry.name.endswith(".part")] == []


def test_pipes_get_csv(where):
    query, export = where
    assert good("query", "SELECT 1 AS a, 'x,y' AS b", *query) == b'a,b\n1,"x,y"\n'
    assert good("export", *export, "--columns", "id", "--limit", "2") == b"id\n0\n1\n"


def test_selections_of_export(where):
    _, export = where
    asked = ["--columns", "id,tiny", "--filter", '{"tiny": {"op": "ge", "value": 0}}', "--sort", "-tiny,id"]
    got = good("export", *export, *asked, "--limit", "3", "--format", "ndjson")
    assert [json.loads(line) for line in got.splitlines()] == [{"id": i, "tiny": 127} for i in (2, 6, 10)]
    first = good("export", *export, "--sample", "10 rows", "--seed", "3", "--columns", "id")
    assert first == good("export", *export, "--sample", "10 rows", "--seed", "3", "--columns", "id")
    assert len(first.splitlines()) == 11


def test_compression(where, tmp_path):
    _, export = where
    path = tmp_path / "x.parquet"
    good("export", *export, "--out", path, "--compression", "gzip")
    assert pyarrow.parquet.ParquetFile(path).metadata.row_group(0).column(0).compression == "GZIP"
    done = run("export", *export, "--format", "csv", "--compression", "zstd")
    assert done.returncode == 1 and b"compression" in done.stderr and done.stdout == b""


@pytest.mark.parametrize("format_", ("csv", "parquet", "arrow_file"))
def test_a_failure_leaves_no_file(where, tmp_path, format_):
    path = tmp_path / f"out.{EXTENSIONS[format_]}"
    query, _ = where
    done = run("query", FAILS_LATE, *query, "--out", path)
    assert done.returncode == 1 and done.stdout == b"" and done.stderr.startswith(b"canvasback: ")
    assert list(tmp_path.iterdir()) == []
    path.write_bytes(b"the old one")
    assert run("query", FAILS_LATE, *query, "--out", path).returncode == 1
    assert path.read_bytes() == b"the old one" and len(list(tmp_path.iterdir())) == 1


def test_a_killed_command_leaves_no_finished_file(tmp_path):
    path = tmp_path / "out.csv"
    process = subprocess.Popen([BINARY, "query", "SELECT * FROM range(2000000000)", "--out", str(path)])
    deadline = time.monotonic() + 20
    while not list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) != 0 and not list(tmp_path.iterdir())


@pytest.mark.parametrize(("arguments", "code"), [
    (["--version"], 0), (["--help"], 0), (["query", "--help"], 0), (["query", "SELECT 1"], 0), ([], 2), (["nosuch"], 2),
    (["query"], 2), (["query", "SELECT 1", "--nosuch"], 2), (["export"], 2), (["info"], 2),
    (["query", "SELEC 1"], 1), (["query", "SELECT 1", "nosuch.parquet"], 1), (["export", "nosuch.parquet"], 1),
    (["query", "COPY (SELECT 1) TO 'x.csv'"], 1), (["query", "SELECT 1", "--format", "xml"], 2),
    (["query", "SELECT 1", "--limit", "x"], 2), (["query", "SELECT 1", "--limit", "-1"], 2),
    (["query", "SELECT 1", "--out", "x.foo"], 2), (["export", str(FLIGHTS), "--out", "x.csv.gz"], 2),
    (["help"], 0), (["help", "query"], 0), (["help", "nosuch"], 2), (["export", str(FLIGHTS), "--seed", "x"], 2),
    (["query", "SELECT 1", "--out", "/nosuch/x.csv"], 1),
    (["info", "nosuch.parquet"], 1), (["query", "SELECT 1", "--server", "http://127.0.0.1:1"], 1),
    (["query", "SELECT 1", "--server", "nonsense"], 1), (["datasets", "--server", "http://127.0.0.1:1"], 1),
    (["info", str(FLIGHTS), "--format", "xml"], 2), (["config", "--format", "xml"], 2), (["query", ""], 1),
    (["export", str(FLIGHTS), "--filter", "{"], 1), (["export", str(FLIGHTS), "--columns", "nosuch"], 1),
    (["export", str(FLIGHTS), "--sort", "-"], 1), (["export", str(FLIGHTS), "--sample", "x"], 1),
])  # fmt: skip
def test_exit_codes_and_where_messages_go(tmp_path, arguments, code):
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == code, done
    if code == 0:
        assert done.stdout and not done.stderr
    else:
        assert done.stderr and not done.stdout
    assert not [path for path in tmp_path.iterdir() if path.name != "data"], "something was left behind"


def test_errors_tell_the_position():
    done = run("query", "SELECT nosuch FROM range(3)")
    assert b"nosuch" in done.stderr
    assert b"LINE" not in done.stderr
    assert done.stderr.endswith(b"line 1, column 8:\n  SELECT nosuch FROM range(3)\n         ^\n")


@pytest.mark.parametrize(("arguments", "said"), [
    (["querry"], "There is no command \"querry\". Did you mean query?"),
    (["dashboard"], "There is no command \"dashboard\".\n"),
    (["query", "SELECT 1", "--lmit", "5"], "There is no option --lmit. Did you mean --limit?"),
    (["query", "SELECT 1", "--lmit=5"], "There is no option --lmit. Did you mean --limit?"),
    (["config", "surplus"], "Unexpected argument \"surplus\"."),
    (["query", "SELECT 1", "--limit", "abc"], "--limit: the value must be an integer from 0 to"),
    (["query", "SELECT 1", "--format", "xml"], "--format: \"xml\" is not one of table, json, ndjson"),
    (["query", "SELECT 1", "--out", "x.foo"], "The extension .foo names no output format; choose one with --format."),
])  # fmt: skip
def test_wrong_use_is_told_with_what_was_meant(tmp_path, arguments, said):
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2 and said in done.stderr.decode(), done.stderr.decode()


def test_help_lists_the_commands_in_groups(tmp_path):
    """Without arguments it is help, too, but wrong use."""
    shown = run("--help").stdout.decode()
    assert shown.index("Files:") < shown.index("  query ") < shown.index("Collections:") < shown.index("  ingest ")
    assert "Examples:" in shown
    assert run().stderr.decode() == shown and run("help").stdout.decode() == shown
    command = run("help", "query").stdout.decode()
    assert command == run("query", "--help").stdout.decode()
    assert command.index("--limit") < command.index("Settings") < command.index("--listen")


def test_a_port_in_use_names_the_flag(serve):
    server = serve()
    done = run("serve", "--listen", f"127.0.0.1:{server.port}", "--data", server.folder / "other")
    assert done.returncode == 1 and b"--listen" in done.stderr


def test_a_reader_that_stops(sample):
    """`canvasback … | head`: the command ends at once and says nothing of a crash."""
    command = f"{BINARY} export {FLIGHTS} --format csv | head -2"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, b"") and len(done.stdout.splitlines()) == 2


def test_the_whole_of_flights(tmp_path):
    path = tmp_path / "flights.arrow"
    good("export", FLIGHTS, "--out", path)
    with pyarrow.ipc.open_file(pa.memory_map(str(path))) as reader:
        assert sum(reader.get_batch(i).num_rows for i in range(reader.num_record_batches)) == 3_000_000


def in_terminal(*arguments, columns=80, term="xterm"):
    """What a command writes to a terminal of that width and kind."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name != "TERM"}
    if term is not None:
        environment["TERM"] = term
    process = subprocess.Popen([BINARY, *map(str, arguments)], stdout=child, stderr=child, env=environment)
    os.close(child)
    out = b""
    while True:
        try:
            got = os.read(parent, 65536)
        except OSError:
            break
        if not got:
            break
        out += got
    os.close(parent)
    return process.wait(30), out.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("place", ("here", "server"))
def test_an_export_tells_how_far_it_is(serve_module, tmp_path, place):
    """On a terminal a bar with rows of the total, rate and time left; then the receipt."""
    path = tmp_path / "flights.csv"
    source = [FLIGHTS]
    if place == "server":
        source = ["flights", "--server", serve_module(f"flights={FLIGHTS}").url]
    code, text = in_terminal("export", *source, "--sort", "delay,distance", "--out", path)
    assert code == 0
    bar, receipt = text.rsplit("\x1b[K", 1)
    assert check_receipt(path, receipt.encode()) == 3_000_000
    assert re.search(r"\[[█·]{24}\] +\d+ %, [0-9,]+( of 3,000,000)? rows \([0-9,]+/s\), ", bar), bar[-500:]


def test_tables_fit_the_terminal(sample):
    code, text = in_terminal("query", "SELECT * FROM flights", f"flights={FLIGHTS}", columns=60)
    assert code == 0 and "origin" in text and "TIMESTAMP" in text
    lines = text.splitlines()
    assert max(map(len, lines)) <= 60 and len([line for line in lines if "2001-01-01" in line]) == 200
    code, text = in_terminal("query", "SELECT 'a\nb\x1b[31mred' AS x, NULL AS y")
    assert "\x1b[31m" not in text and "NULL" in text, "a value must not steer the terminal"
    code, text = in_terminal("export", sample / "hard.parquet", "--format", "parquet")
    assert code == 2 and "--out" in text


def test_info():
    text = good("info", FLIGHTS).decode()
    assert "3,000,000 rows" in text and "11 row groups" in text and "destination" in text and "4962" in text
    document = json.loads(good("info", FLIGHTS, "--format", "json"))
    assert document[0]["name"] == "flights_3m" or document[0]["name"].startswith("flights")
    assert document[0]["rows"] == 3_000_000 and len(document[0]["columns"]) == 5


def test_datasets(sample, serve_module):
    table = good("datasets", FLIGHTS, sample / "hard.parquet").decode()
    assert "hard" in table and "3,000,000" in table and "parquet" in table
    here = json.loads(good("datasets", sample / "hard.parquet", "--format", "json"))
    server = serve_module(sample / "hard.parquet")
    there = json.loads(good("datasets", "--server", server.url, "--format", "json"))
    assert there["datasets"][0]["name"] == here[0]["name"] == "hard"
    assert there["datasets"][0]["rows"] == here[0]["rows"] == 72
    assert "hard" in good("datasets", "--server", server.url).decode()


def test_errors_of_a_server(serve_module, tmp_path):
    server = serve_module()
    done = run("query", "SELECT nosuch FROM range(3)", "--server", server.url)
    assert done.returncode == 1 and b"nosuch" in done.stderr and done.stdout == b""
    done = run("export", "nosuch", "--server", server.url, "--out", tmp_path / "x.csv")
    assert done.returncode == 1 and b"nosuch" in done.stderr and not list(tmp_path.iterdir())


def test_one_shot_commands_leave_nothing(tmp_path, sample):
    """Neither in the current folder nor in the folder for temporary files."""
    (tmp_path / "here").mkdir()
    (tmp_path / "temporary").mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
    for code, sql in ((0, "SELECT count(*) FROM hard"), (1, "SELECT nosuch FROM hard")):
        done = run("query", sql, sample / "hard.parquet", cwd=tmp_path / "here", env=environment)
        assert done.returncode == code
        assert list((tmp_path / "here").iterdir()) == [] == list((tmp_path / "temporary").iterdir())


def test_standard_input_is_a_table(sample):
    table = pa.table({"a": pa.array(range(5000), pa.int64()), "b": [f"x{i}" for i in range(5000)]})
    parquet, stream = pa.BufferOutputStream(), pa.BufferOutputStream()
    pyarrow.parquet.write_table(table, parquet)
    with pyarrow.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    inputs = {
        "parquet": parquet.getvalue().to_pybytes(), "arrow": stream.getvalue().to_pybytes(),
        "csv": b"a,b\n" + b"".join(b"%d,x%d\n" % (i, i) for i in range(5000)),
        "ndjson": b"".join(b'{"a": %d, "b": "x%d"}\n' % (i, i) for i in range(5000))}  # fmt: skip
    for name, data in inputs.items():
        done = good("query", "SELECT sum(a) AS s, max(b) AS m FROM stdin", "-", "--format", "csv", input=data)
        assert done == b"s,m\r\n12497500,x999\r\n" or done == b"s,m\n12497500,x999\n", (name, done)
    named = good("query", "SELECT count(*) AS n FROM t", "t=-", "--format", "csv", input=inputs["csv"])
    assert named.split() == [b"n", b"5000"]
    exported = good("export", "-", "--columns", "b", "--limit", "1", "--format", "csv", input=inputs["csv"])
    assert exported.split() == [b"b", b"x0"]
    assert b"5,000" in good("info", "-", input=inputs["parquet"])


@pytest.mark.parametrize(("data", "words"), [(b"", b"empty"), (b"\x1f\x8b\x08\x00rest", b"compressed")])
def test_standard_input_that_is_no_table(data, words):
    done = run("query", "SELECT 1 FROM stdin", "-", input=data)
    assert done.returncode == 1 and words in done.stderr and done.stdout == b""


def test_standard_input_is_read_once_and_leaves_nothing(tmp_path):
    done = run("query", "SELECT 1", "a=-", "b=-", input=b"a\n1\n", env={**os.environ, "TMPDIR": str(tmp_path)})
    assert done.returncode == 1 and b"once" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_open_shows_files_and_leaves_nothing(sample, tmp_path):
    browser = tmp_path / "bin" / "xdg-open"
    browser.parent.mkdir()
    browser.write_text(f"#!/bin/sh\necho \"$1\" > {tmp_path}/opened\n")
    browser.chmod(0o755)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    env = {**os.environ, "TMPDIR": str(temporary), "PATH": f"{browser.parent}:{os.environ['PATH']}"}
    arguments = [BINARY, "open", "t=-", str(sample / "hard.parquet")]
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=env, cwd=tmp_path)  # fmt: skip
    process.stdin.write(b"a;b\n1;2\n")
    process.stdin.close()
    line = process.stdout.readline().decode()
    url = re.fullmatch(r"Canvasback is at (http://127\.0\.0\.1:\d+)\n", line).group(1)
    with urllib.request.urlopen(url + "/api/v1/datasets/t/rows?format=csv") as answer:
        assert answer.read().split() == [b"a,b", b"1,2"]
    for _ in range(600):
        if (tmp_path / "opened").exists():
            break
        time.sleep(0.05)
    assert (tmp_path / "opened").read_text() == url + "\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert list(temporary.iterdir()) == [] and not (tmp_path / "data").exists()
    process.stdout.close()
    process.stderr.close()
