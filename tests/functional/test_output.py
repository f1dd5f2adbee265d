"""What the commands write: files that appear whole or not at all, devices, pipes and links that are written through,
and a full disk or a closed pipe on every output."""

import hashlib
import os
import signal
import stat
import subprocess
import tarfile
import threading

import pytest
from serving import BINARY, FLIGHTS, wait_for
from test_cli import check_receipt, good, in_terminal, run
from test_collections import send

ENDLESS = "SELECT * FROM range(2000000000)"
SQL = "SELECT 42 AS answer"
ANSWER = b"answer\n42\n"


def to_file(path, *more, **options):
    return run("query", SQL, "--format", "csv", "--out", path, *more, **options)


def test_two_at_once_do_not_mix(tmp_path):
    path = tmp_path / "c.csv"
    path.with_name("c.csv.part").write_text("somebody's")
    processes = [subprocess.Popen([BINARY, "export", str(FLIGHTS), "--out", str(path), "--limit", str(limit)],
                                  stderr=subprocess.PIPE) for limit in (900_000, 700_000)]  # fmt: skip
    receipts = []
    for process in processes:
        receipts.append(process.communicate(timeout=300)[1].decode())
        assert process.returncode == 0
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert sum(digest in receipt for receipt in receipts) == 1
    assert path.with_name("c.csv.part").read_text() == "somebody's"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["c.csv", "c.csv.part"]


def test_links_are_followed(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "folder/link.csv").symlink_to("../real.csv")
    (tmp_path / "second").symlink_to("folder/link.csv")
    (tmp_path / "dangling").symlink_to("folder/new.csv")
    for name, target in (("second", "real.csv"), ("dangling", "folder/new.csv")):
        done = to_file(tmp_path / name)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / name).is_symlink() and (tmp_path / target).read_bytes() == ANSWER
    assert sorted(entry.name for entry in (tmp_path / "folder").iterdir()) == ["link.csv", "new.csv"]
    (tmp_path / "loop").symlink_to("loop")
    done = to_file(tmp_path / "loop")
    assert done.returncode == 1 and b"loop" in done.stderr


def test_a_fifo_is_written_through(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    got = []
    reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()))
    reader.start()
    done = to_file(fifo)
    reader.join(60)
    assert done.returncode == 0 and got == [ANSWER] and stat.S_ISFIFO(fifo.stat().st_mode)
    assert list(tmp_path.iterdir()) == [fifo]
    # A reader that leaves is an error here: the file was asked for.
    process = subprocess.Popen([BINARY, "query", ENDLESS, "--format", "csv", "--out", fifo], stderr=subprocess.PIPE)
    with open(fifo, "rb") as one:
        one.read(100)
    assert process.wait(60) == 1 and b"fifo" in process.stderr.read()
    process.stderr.close()


def test_devices_are_written_through():
    before = os.stat("/dev/full")
    done = to_file("/dev/full")
    assert done.returncode == 1 and b"/dev/full cannot be written: No space left" in done.stderr
    done = to_file("/dev/null")
    assert done.returncode == 0
    for path in ("/dev/full", "/dev/null"):
        assert stat.S_ISCHR(os.stat(path).st_mode)
    assert os.stat("/dev/full").st_rdev == before.st_rdev
    for path in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
        assert to_file(path).stdout == ANSWER


def test_stdout_named_as_a_file_is_not_begun_anew(tmp_path):
    with open(tmp_path / "log", "wb") as log:
        log.write(b"before\n")
        log.flush()
        subprocess.run([BINARY, "query", SQL, "--format", "csv", "--out", "/dev/stdout"], stdout=log, check=True)
    assert (tmp_path / "log").read_bytes() == b"before\n" + ANSWER


def test_what_is_replaced_keeps_its_permissions(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("old")
    path.chmod(0o640)
    assert to_file(path).returncode == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o640 and path.read_bytes() == ANSWER
    fresh = tmp_path / "fresh.csv"
    assert to_file(fresh, umask=0o027).returncode == 0
    assert stat.S_IMODE(fresh.stat().st_mode) == 0o640
    done = to_file(tmp_path)
    assert done.returncode == 1 and b"directory" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_leaves_nothing(tmp_path, number):
    folders = {name: tmp_path / name for name in ("out", "temporary")}
    for folder in folders.values():
        folder.mkdir()
    old = folders["out"] / "x.csv"
    old.write_text("old")
    process = subprocess.Popen([BINARY, "query", ENDLESS, "--out", str(old)], stderr=subprocess.PIPE,
                               env={**os.environ, "TMPDIR": str(folders["temporary"])})  # fmt: skip
    wait_for(lambda: any(entry.stat().st_size > 1_000_000 for entry in folders["out"].iterdir()), 60)
    process.send_signal(number)
    assert process.wait(60) == -number
    process.stderr.close()
    assert list(folders["out"].iterdir()) == [old] and old.read_text() == "old"
    assert list(folders["temporary"].iterdir()) == []


def commands(folder):
    """Every command that prints, on data that is there."""
    return [
        ["--help"], ["--version"], ["query", "--help"], ["config"], ["config", "--format", "json"],
        ["info", FLIGHTS], ["info", FLIGHTS, "--format", "json"], ["datasets", FLIGHTS],
        ["datasets", FLIGHTS, "--format", "json"], ["query", SQL, "--format", "table"], ["query", SQL],
        ["query", SQL, "--format", "json"], ["query", SQL, "--format", "xlsx"],
        ["export", FLIGHTS, "--limit", "5", "--format", "table"], ["export", FLIGHTS, "--limit", "5"],
        ["profile", FLIGHTS, "--columns", "delay", "--format", "table"], ["profile", FLIGHTS, "--columns", "delay"],
        ["generate", "--type", "user", "--count", "3"], ["stats", "--data", folder],
        ["stats", "--data", folder, "--format", "json"],
    ]  # fmt: skip


def test_a_full_disk_is_noticed_on_every_output(serve, tmp_path):
    server = serve()
    send(server, [{"n": 1}])
    server.stop()
    for arguments in commands(server.folder / "data"):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([BINARY, *map(str, arguments)], stdout=full, stderr=subprocess.PIPE, check=False,
                                  cwd=tmp_path)  # fmt: skip
        assert done.returncode == 1 and b"No space left" in done.stderr, (arguments, done)
        # A reader that has left is none who was let down.
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run([BINARY, *map(str, arguments)], stdout=writing, stderr=subprocess.PIPE, check=False,
                              cwd=tmp_path)  # fmt: skip
        os.close(writing)
        assert done.returncode == 0 and done.stderr == b"", (arguments, done)
        # Nor may what is printed go into another file where stdout is closed.
        done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", BINARY, *map(str, arguments)], cwd=tmp_path,
                              stderr=subprocess.PIPE, check=False)  # fmt: skip
        assert done.returncode == 1 and b"cannot be written" in done.stderr, (arguments, done)


def test_damage_is_told_though_nobody_reads(serve, tmp_path):
    server = serve()
    send(server, [{"n": 1}])
    server.stop()
    part = next((server.folder / "data/parquet").glob("*.parquet"))
    data = bytearray(part.read_bytes())
    data[20:40] = bytes(20)
    part.write_bytes(data)
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([BINARY, "verify", "--data", server.folder / "data"], stdout=writing, stderr=subprocess.PIPE,
                          check=False)  # fmt: skip
    os.close(writing)
    assert done.returncode == 1


def test_a_server_starts_though_its_address_cannot_be_printed(tmp_path):
    log = tmp_path / "log"
    with open("/dev/full", "wb") as full, open(log, "wb") as messages:
        command = [BINARY, "serve", "--listen", "127.0.0.1:0", "--data", tmp_path / "data"]
        process = subprocess.Popen(command, stdout=full, stderr=messages)
    wait_for(lambda: "could not be printed" in log.read_text() or process.poll() is not None)
    assert process.poll() is None
    process.terminate()
    assert process.wait(30) == 0


def test_a_sample_as_parquet_touches_no_other_file(tmp_path):
    other = tmp_path / "a.parquet.tmp.ndjson"
    other.write_text("somebody's")
    good_enough = run("generate", "--type", "user", "--count", "10", "--format", "parquet", "--out",
                      tmp_path / "a.parquet")  # fmt: skip
    assert good_enough.returncode == 0, good_enough.stderr
    assert other.read_text() == "somebody's" and len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("name", ["copy.tar", "copy"])
def test_two_backups_at_once_do_not_mix(serve, tmp_path, name):
    server = serve()
    for number in range(40):
        send(server, [{"n": number}] * 50)
    (tmp_path / f"{name}.incomplete").mkdir()
    (tmp_path / f"{name}.incomplete/kept").write_text("somebody's")
    processes = [subprocess.Popen([BINARY, "backup", "--server", server.url, "--to", str(tmp_path / name)],
                                  stderr=subprocess.PIPE) for _ in range(3)]  # fmt: skip
    codes = [(process.communicate(timeout=120), process.returncode)[1] for process in processes]
    assert codes.count(0) == (1 if name == "copy" else 3), codes
    if name == "copy.tar":
        with tarfile.open(tmp_path / name) as archive:
            archive.extractall(tmp_path / "copy")
    done = run("verify", "--data", tmp_path / "copy")
    assert done.returncode == 0 and b"2,000 records" in done.stderr, done.stderr
    assert (tmp_path / f"{name}.incomplete/kept").read_text() == "somebody's"
    assert not list(tmp_path.glob(".*.incomplete"))
    assert [entry.name for entry in tmp_path.glob("*.incomplete")] == [f"{name}.incomplete"]


@pytest.mark.parametrize(("term", "drawn"), [("xterm", True), ("dumb", False), ("", False), (None, False)])
def test_escapes_are_for_terminals_that_know_them(tmp_path, term, drawn):
    path = tmp_path / "flights.csv"
    code, text = in_terminal("export", FLIGHTS, "--sort", "delay,distance", "--out", path, term=term)
    assert code == 0 and ("\x1b" in text) == drawn and ("\r" in text) == drawn
    if not drawn:
        check_receipt(path, text.encode())


def test_an_ipv6_address_of_a_server(tmp_path):
    process = subprocess.Popen([BINARY, "serve", FLIGHTS, "--listen", "[::1]:0", "--data", tmp_path / "data"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        url = process.stdout.readline().decode().split(" at ")[1].strip()
        assert url.startswith("http://[::1]:")
        assert b"3,000,000" in good("datasets", "--server", url)
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def test_an_address_that_is_none_is_told(tmp_path):
    for url, what in (("http://::1:8080", b"brackets"), ("https://127.0.0.1", b"https"), ("127.0.0.1:80", b"http://"),
                      ("http://127.0.0.1:99999", b"port"), ("http://", b"host")):  # fmt: skip
        done = run("datasets", "--server", url, cwd=tmp_path)
        assert done.returncode == 1 and what in done.stderr, (url, done.stderr)


def test_weeks_have_one_form(serve, tmp_path):
    server = serve()
    send(server, [{"n": 1, "timestamp": "2019-02-05T00:00:00Z"}])
    for week in ("2019-01", "2019-1", "2019-w06", "2019-W6", "2019W06", "2019-W60", "2019-W06-1"):
        for arguments in (["archive", "--before", week], ["restore", "--from", week], ["restore", "--until", week]):
            done = run(*arguments, "--server", server.url)
            assert done.returncode == 1 and b"2025-W40" in done.stderr, (arguments, done.stderr)
        for work, body in (("archive", {"before": week}), ("restore", {"from": week}), ("restore", {"until": week})):
            assert server.ask("POST", f"/api/v1/collections/all_records/{work}", body).status == 400, (work, body)
