"""The packages that scripts/package made, tried: what is in them, that they need nothing but the C library, and that
the program runs from the unpacked archive with an empty environment.

    tests/package.py                 the archive and the Debian package as files
    tests/package.py --tree FOLDER   as root: installs the .deb in a Debian tree (debootstrap --variant=minbase bookworm
                                     FOLDER), serves a file there and times the first answer
"""

import argparse
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build/package"
VERSION = re.search(r"project\(canvasback VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
FLIGHTS = ROOT / ".deps/data/flights-3m.parquet"
BASE = re.compile(r"(ld-linux.*|linux-vdso|lib(c|m|dl|rt|pthread|resolv|util))\.so")
FIRST_ANSWER_SECONDS = 1.0
TREE = None


def output(*command, **options):
    return subprocess.run([*map(str, command)], check=True, capture_output=True, text=True, **options).stdout


def only(pattern):
    found = sorted(FOLDER.glob(pattern))
    assert len(found) == 1, f"{pattern}: {found}; run scripts/package first"
    return found[0]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def first_answer(command, path, seconds=20, **options):
    """Starts a server and gives the seconds from the start of the process to the first answer, and the answer."""
    port = free_port()
    started = time.monotonic()
    process = subprocess.Popen([*map(str, command), "--listen", f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL,
                               **options)  # fmt: skip
    try:
        while True:
            try:
                body = urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=seconds).read()
                return time.monotonic() - started, body
            except OSError:
                assert process.poll() is None and time.monotonic() < started + seconds, "no server"
                time.sleep(0.005)
    finally:
        process.terminate()
        process.wait(15)


class Archive(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        output("tar", "-xzf", only("canvasback-*.tar.gz"), "-C", cls.folder)
        cls.root = next(cls.folder.iterdir())

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def elves(self):
        libraries = (self.root / "lib/canvasback").rglob("*")
        return [self.root / "bin/canvasback", *sorted(path for path in libraries if path.is_file())]

    def test_is_named_after_the_version(self):
        self.assertTrue(self.root.name.startswith(f"canvasback-{VERSION}-linux-"))
        said = output(self.root / "bin/canvasback", "--version", env={}, cwd="/")
        self.assertEqual(said.strip(), f"canvasback {VERSION}")

    def test_every_library_is_inside_or_the_c_library(self):
        for elf in self.elves():
            # Each on its own as the loader of the program would: with the program's folder of libraries.
            lines = output("ldd", elf, env={"LD_LIBRARY_PATH": ""} if elf.parent.name == "bin" else
                           {"LD_LIBRARY_PATH": str(self.root / "lib/canvasback")}).splitlines()  # fmt: skip
            for line in lines:
                name = line.split()[0].rsplit("/", 1)[-1]
                where = line.split("=>")[1].split()[0] if "=>" in line else ""
                self.assertTrue(BASE.match(name) or where.startswith(str(self.root)) or
                                os.path.realpath(where).startswith(str(self.root)), f"{elf.name}: {line}")

    def test_no_file_knows_the_machine_it_was_built_on(self):
        for elf in self.elves():
            dynamic = output("readelf", "-dW", elf)
            for path in re.findall(r"R(?:UN)?PATH.*\[(.*)\]", dynamic):
                own = [part.startswith("$ORIGIN") for part in path.split(":") if part]
                self.assertTrue(all(own), f"{elf.name}: {path}")
            self.assertNotIn(".symtab", output("readelf", "-SW", elf), f"{elf.name} is not stripped")

    def test_every_library_has_a_licence(self):
        licences = {file.name.lower() for file in (self.root / "share/doc/canvasback/licenses").iterdir()}
        for expected in ("canvasback", "duckdb", "arrow-license", "arrow-notice", "libseccomp2", "libmariadb3",
                         "libboost1.81-dev"):  # fmt: skip
            self.assertIn(expected, licences)
        copyright_text = (self.root / "share/doc/canvasback/copyright").read_text().lower()
        for name in licences - {"canvasback"}:
            self.assertIn(name, copyright_text)

    def test_carries_the_plugins_of_mysql_that_send_no_password_in_plain_text(self):
        plugins = {path.stem for path in (self.root / "lib/canvasback/mysql").iterdir()}
        self.assertEqual(plugins, {"caching_sha2_password", "sha256_password", "client_ed25519"})

    def test_serves_with_an_empty_environment(self):
        seconds, body = first_answer([self.root / "bin/canvasback", "serve", f"flights={FLIGHTS}", "--data",
                                      self.folder / "data"], "/api/v1/datasets/flights/rows?limit=1",
                                     env={}, cwd=self.folder, stderr=subprocess.DEVNULL)  # fmt: skip
        self.assertIn(b'"total_rows":3000000', body)
        print(f"unpacked archive: first answer after {seconds:.2f} s", file=sys.stderr)

    def test_the_manual_names_every_setting(self):
        page = output("gzip", "-dc", self.root / "share/man/man1/canvasback.1.gz")
        self.assertIn(f"canvasback {VERSION}", page)
        self.assertNotIn("@", re.sub(r"@system-service", "", page))
        known = (ROOT / "src/server/config.cpp").read_text().split("Config::known() {", 1)[1].split("\n}\n", 1)[0]
        names = re.findall(r'{"(\w+)", "[^"]*",', known)
        self.assertGreater(len(names), 20)
        for name in names:
            self.assertIn("\\-\\-" + name.replace("_", "\\-"), page)


class DebianPackage(unittest.TestCase):
    def test_fields(self):
        deb = only("canvasback_*.deb")
        self.assertEqual(output("dpkg-deb", "-f", deb, "Version").strip(), VERSION)
        self.assertRegex(output("dpkg-deb", "-f", deb, "Depends").strip(), r"^libc6 \(>= 2\.\d+\)$")

    def test_contents(self):
        listing = output("dpkg-deb", "-c", only("canvasback_*.deb"))
        files = {line.split()[5] for line in listing.splitlines()}
        self.assertLessEqual({
            "./usr/bin/canvasback", "./usr/lib/canvasback/libduckdb.so", "./lib/systemd/system/canvasback.service",
            "./etc/canvasback/canvasback.toml", "./usr/share/doc/canvasback/copyright",
            "./usr/share/man/man1/canvasback.1.gz"}, files)  # fmt: skip
        for line in listing.splitlines():
            self.assertIn("root/" + "root", line)
            self.assertNotRegex(line.split()[0], "^.{5}w|^.{8}w", line)  # only its owner may write


@unittest.skipUnless("--tree" in sys.argv, "needs a Debian tree: --tree FOLDER")
class CleanTree(unittest.TestCase):
    def setUp(self):
        # As on any running system: the loader looks up $ORIGIN there, the front its workers' memory.
        if not (TREE / "proc/self").exists():
            output("mount", "-t", "proc", "proc", TREE / "proc")
            self.addCleanup(output, "umount", TREE / "proc")

    def test_installs_and_serves_at_once(self):
        deb = only("canvasback_*.deb")
        shutil.copy(deb, TREE / "tmp/canvasback.deb")
        shutil.copy(FLIGHTS, TREE / "srv/flights.parquet")
        inside = ["chroot", TREE, "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
        for tool in ("gcc", "python3", "node", "curl"):
            found = subprocess.run([*map(str, inside), "which", tool], capture_output=True)
            self.assertNotEqual(found.returncode, 0, f"{tool} is in the tree: it is not a clean one")
        output(*inside, "dpkg", "-i", "/tmp/canvasback.deb")
        self.assertEqual(output(*inside, "canvasback", "--version").strip(), f"canvasback {VERSION}")
        times = []
        for _ in range(5):
            seconds, body = first_answer([*inside, "canvasback", "serve", "/srv/flights.parquet", "--config",
                                          "/etc/canvasback/canvasback.toml", "--data", "/var/lib/canvasback"],
                                         "/api/v1/datasets/flights/rows?limit=100")  # fmt: skip
            self.assertIn(b'"total_rows":3000000', body)
            times.append(seconds)
        shown = ", ".join(f"{seconds:.2f}" for seconds in times)
        print(f"clean tree, process start to first answer: {shown} s", file=sys.stderr)
        self.assertLess(sorted(times)[2], FIRST_ANSWER_SECONDS)
        output(*inside, "dpkg", "--purge", "canvasback")
        left = [path for path in ("usr/bin/canvasback", "usr/lib/canvasback", "etc/canvasback", "var/lib/canvasback")
                if (TREE / path).exists()]  # fmt: skip
        self.assertEqual(left, [])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--tree", type=pathlib.Path)
    arguments, rest = parser.parse_known_args()
    TREE = arguments.tree
    unittest.main(argv=[sys.argv[0], *rest])
