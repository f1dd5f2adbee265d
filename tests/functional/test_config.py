"""Settings: flags before environment before canvasback.toml before defaults, and what is wrong with a setting."""

import json
import os
import subprocess

import psutil
import pytest
from serving import BINARY, FLIGHTS


def run(*arguments, cwd, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CANVASBACK_")}
    return subprocess.run([BINARY, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=60,
                          env={**clean, **environment})  # fmt: skip


def settings(*arguments, cwd, **environment):
    done = run("config", *arguments, "--format", "json", cwd=cwd, **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_defaults(tmp_path):
    got = settings(cwd=tmp_path)
    assert got["listen"] == {"value": "127.0.0.1:8080", "origin": "default"}
    assert got["data"]["value"] == "./data" and {entry["origin"] for entry in got.values()} == {"default"}
    assert not list(tmp_path.iterdir()), "config must not make anything"


def test_precedence(tmp_path):
    (tmp_path / "canvasback.toml").write_text('workers = 3\nmemory = "4GB"\ntimeout_ms = 1000\nspill = "1GB"\n')
    environment = {"CANVASBACK_WORKERS": "4", "CANVASBACK_MEMORY": "5GB"}
    got = settings("--workers", "5", cwd=tmp_path, **environment)
    assert got["workers"] == {"value": "5", "origin": "flag"}
    assert got["memory"] == {"value": "5GB", "origin": "CANVASBACK_MEMORY"}
    assert got["timeout_ms"] == {"value": "1000", "origin": "canvasback.toml"}
    assert got["cache_bytes_max"]["origin"] == "default"
    other = tmp_path / "other.toml"
    other.write_text("workers = 7\n")
    got = settings("--config", other, cwd=tmp_path)
    assert (got["workers"]["value"], got["timeout_ms"]["origin"]) == ("7", "default")


def test_kinds_of_values(tmp_path):
    (tmp_path / "canvasback.toml").write_text(
        'origins = ["http://a.example", "http://b.example"]\nallow_without_landlock = true\nlog_level = "debug"\n')
    got = settings(cwd=tmp_path)
    assert got["origins"]["value"] == "http://a.example,http://b.example"
    assert (got["allow_without_landlock"]["value"], got["log_level"]["value"]) == ("true", "debug")
    table = run("config", cwd=tmp_path)
    assert table.returncode == 0 and "canvasback.toml" in table.stdout and "log_level" in table.stdout


@pytest.mark.parametrize("text", [
    "workers = ", "nosuch = 1", "workers = 1.5", "[dataset]\nname = 'a'", "dataset = 1", "[[dataset]]\nname = 'a'",
    "[[dataset]]\npath = 'a'", "[[dataset]]\nname = 'a/b'\npath = 'x'", "[[dataset]]\nname='a'\npath='b'\nkind='xml'",
    "[[dataset]]\nname = 'a'\npath = 'b'\ncolour = 'red'", "workers = 1\nworkers = 2", "origins = [1]", "\x00", "[a]",
    "dataset = [1, 2]", "[[dataset]]\nname = 5\npath = 'x'", "a = " + "[" * 50_000,
])  # fmt: skip
def test_files_that_make_no_sense(tmp_path, text):
    (tmp_path / "canvasback.toml").write_text(text)
    for command in (["config"], ["serve", "--listen", "127.0.0.1:0"], ["query", "SELECT 1"]):
        done = run(*command, cwd=tmp_path)
        assert done.returncode == 1 and done.stdout == "" and "canvasback.toml" in done.stderr, (command, done)


WRONG_VALUES = [
    'workers = "two"', 'memory = "lots"', "memory = 8", "keep_weeks = -1", 'listen = "127.0.0.1:99999"',
    'listen = "0.0.0.0:80"', "threads = 0", 'durability = "maybe"', "merge_after_s = 0", "grace_s = -5",
    'key_memory = "x"', "ingest_threads = 0", "ingest_memory = 8", "default_limit = -1", "max_query_results = 0",
    'streaming_strategy = "x"', "timeout_ms = 0", 'log_level = "loud"', 'log_style = "xml"', 'spill = "1XB"',
    'cache = "-1"', 'profile_cache = "x"', 'job_files = "x"', "job_files_age_s = 0", 'allow_without_landlock = "maybe"',
    'data = ""', "data = 'canvasback.toml'", "[[dataset]]\nname='a'\npath='b'\n[[dataset]]\nname='a'\npath='c'",
    "[[dataset]]\nname='a'\npath='b'\nkind=5", "[[dataset]]\nname='a'\npath=5",
]  # fmt: skip
FEED = "[[feed]]\nurl = 'http://127.0.0.1:1/x'\n"
WRONG_FEEDS = [
    FEED + 'every_s = "5"', FEED + "every_s = 0", FEED + "every_s = 1.5", FEED + "timeout_s = 0", FEED + "format = 5",
    FEED + "format = ''", FEED + "format = 'xml'", FEED + "collection = 5", FEED + "collection = 'a b'",
    FEED + "on_error = 'x'", FEED + "on_error = true", FEED + "on_conflict = 'x'", FEED + "on_conflict = ''",
    FEED + FEED,
    FEED + "colour = 'red'", "[[feed]]\nevery_s = 5", "[[feed]]\nurl = 5", "[[feed]]\nurl = 'https://x/'",
    "[[feed]]\nurl = 'http://'", "[[feed]]\nurl = 'http://x/a b'", "feed = 1", "[feed]\nurl = 'http://x'",
]  # fmt: skip


@pytest.mark.parametrize("text", WRONG_VALUES + WRONG_FEEDS)
def test_one_rule_for_settings(tmp_path, text):
    """What serve refuses, every command refuses, `config` above all."""
    (tmp_path / "canvasback.toml").write_text(text + "\n")
    for command in (["serve"], ["config"], ["config", "--format", "json"], ["config", "--check"]):
        done = run(*command, cwd=tmp_path)
        assert done.returncode == 1 and done.stdout == "" and "canvasback:" in done.stderr, (command, done)
    assert [path.name for path in tmp_path.iterdir()] == ["canvasback.toml"]


def test_a_check_prints_nothing(tmp_path):
    (tmp_path / "canvasback.toml").write_text(FEED + "every_s = 5\ntimeout_s = 3\non_conflict = 'update'\n")
    done = run("config", "--check", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("place", ["named", "found"])
def test_a_folder_is_no_file_of_settings(tmp_path, place):
    (tmp_path / "canvasback.toml").mkdir()
    named = ["--config", "canvasback.toml"] if place == "named" else []
    for command in ("config", "serve"):
        done = run(command, *named, cwd=tmp_path)
        assert done.returncode == 1 and "folder" in done.stderr, done


@pytest.mark.parametrize("flags", [
    ["--workers", "0"], ["--workers", "x"], ["--workers", "65"], ["--threads", "0"], ["--memory", "lots"],
    ["--memory", "-1"], ["--spill", "1XB"], ["--timeout-ms", "0"], ["--log-level", "loud"], ["--log-style", "xml"],
    ["--listen", "0.0.0.0:0"], ["--listen", "example.com:80"], ["--listen", "127.0.0.1:99999"], ["--listen", "x"],
    ["--listen", "[::]:0"], ["--listen", "192.168.1.1:0"], ["--listen", "10.0.0.1:8080"], ["--data", "/proc/x"],
    ["--allow-without-landlock", "maybe"], ["--config", "nosuch.toml"],
])  # fmt: skip
def test_settings_out_of_range_stop_the_start(tmp_path, flags):
    listen = [] if "--listen" in flags else ["--listen", "127.0.0.1:0"]
    done = run("serve", *flags, *listen, cwd=tmp_path)
    assert done.returncode == 1 and done.stdout == "" and "canvasback:" in done.stderr, done


def test_datasets_of_the_file(serve, tmp_path):
    (tmp_path / "rows.txt").write_text("id\n1\n")
    (tmp_path / "canvasback.toml").write_text(
        f'[[dataset]]\nname = "flown"\npath = "{FLIGHTS}"\n'
        '[[dataset]]\nname = "plain"\npath = "rows.txt"\nkind = "csv"\n')
    server = serve(f"more={FLIGHTS}", cwd=tmp_path)
    names = [entry["name"] for entry in server.get("/api/v1/datasets").json()["datasets"]]
    assert names == ["flown", "more", "plain"]
    assert server.page("plain")["rows"] == [[1]]
    assert server.value("SELECT count(*) FROM flown") == 3_000_000
    done = run("datasets", "--format", "json", cwd=tmp_path)
    assert [entry["name"] for entry in json.loads(done.stdout)] == ["flown", "plain"]
    done = run("export", "plain", "--format", "csv", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "id\n1\n")


def test_two_servers_need_two_data_folders(serve, tmp_path):
    server = serve()
    done = run("serve", "--listen", "127.0.0.1:0", "--data", server.folder / "data", cwd=tmp_path)
    assert done.returncode == 1 and "--data" in done.stderr and done.stdout == ""
    taken = run("serve", "--listen", f"127.0.0.1:{server.port}", "--data", tmp_path / "other", cwd=tmp_path)
    assert taken.returncode == 1 and str(server.port) in taken.stderr


def test_the_time_out_setting(serve):
    server = serve(flags=["--timeout-ms", "500"])
    answer = server.sql("SELECT count(*) FROM range(3000000) a, range(3000000) b WHERE (a.range * b.range) % 7 = 3")
    assert (answer.status, answer.code) == (504, "QueryTimeout")


def test_logs_as_json(serve):
    server = serve(f"flights={FLIGHTS}", flags=["--log-style", "json", "--log-level", "debug"])
    secret = "a-value-4711"
    server.sql(f"SELECT '{secret}'")
    server.rows("flights", filter={"origin": secret})
    assert server.sql(f"SELECT CAST('{secret}' AS INTEGER)").status == 400
    server.stop()
    lines = server.log_path.read_text().splitlines()
    assert len(lines) > 3 and all(isinstance(json.loads(line), dict) for line in lines)
    assert secret not in "\n".join(lines), "row values do not belong into logs"


def test_sigterm_ends_it_all(serve):
    server = serve(f"flights={FLIGHTS}")
    children = psutil.Process(server.process.pid).children(recursive=True)
    assert children
    assert server.stop() == 0
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    assert not list((server.folder / "data/spill").glob("*/*"))
