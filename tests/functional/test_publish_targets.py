"""Where `canvasback publish` publishes to: hosts that it tries (`--check`), and branches of git repositories."""

import functools
import gzip
import http.server
import json
import os
import re
import subprocess
import threading

import duckdb
import pytest
from publishing import generate, publish, sources
from serving import BINARY


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return generate(tmp_path_factory.mktemp("shop"), 5000)


@pytest.fixture(scope="module")
def site(shop, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    publish("marketplace_overview", "marketplace_status", *sources(shop), folder=folder)
    return folder


class Host(http.server.SimpleHTTPRequestHandler):
    """A static host with the headers of `_headers`; its class attributes make it a bad one."""

    ranges, gzips, spa, prefix = True, False, False, "/"

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = self.path.removeprefix(self.prefix) or "index.html"
        file = os.path.join(self.directory, path)
        found = self.path.startswith(self.prefix) and os.path.isfile(file)
        if not found and not self.spa:
            return self.send_error(404)
        with open(file if found else os.path.join(self.directory, "index.html"), "rb") as opened:
            body, total = opened.read(), None
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        encoded = self.gzips and "gzip" in self.headers.get("Accept-Encoding", "")
        body = gzip.compress(body) if encoded else body
        if wanted and self.ranges and found:
            total, (low, high) = len(body), map(int, wanted.groups())
            body = body[low : high + 1]
        self.send_response(200 if total is None else 206)
        if total is not None:
            self.send_header("Content-Range", f"bytes {low}-{low + len(body) - 1}/{total}")
        if encoded:
            self.send_header("Content-Encoding", "gzip")
        kept = "public, max-age=31536000, immutable" if path.startswith(("data/", "assets/")) else "no-cache"
        self.send_header("Cache-Control", kept)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None


@pytest.fixture
def hosted(site):
    servers = []

    def start(handler):
        bound = functools.partial(handler, directory=str(site))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), bound)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def check(url):
    done = subprocess.run([BINARY, "publish", "--check", url], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_check_of_a_good_host(hosted):
    code, out = check(hosted(Host))
    assert code == 0 and "wrong" not in out and "Ranges: 206 and the whole length" in out, out
    below = type("Below", (Host,), {"prefix": "/reports/2026/"})
    code, out = check(hosted(below) + "/reports/2026/index.html")
    assert code == 0, out


def test_check_of_pythons_server(hosted):
    """It has no ranges, and says nothing of how long to keep a file."""
    code, out = check(hosted(http.server.SimpleHTTPRequestHandler))
    assert code == 1 and "Ranges: not supported" in out and "no Cache-Control" in out, out


@pytest.mark.parametrize("change, message", [
    ({"gzips": True}, "Switch compression off for data/*.parquet"),
    ({"ranges": False}, "use a host with Range requests"),
    ({"spa": True}, "a missing file must be 404"),
])  # fmt: skip
def test_check_of_a_bad_host(hosted, change, message):
    code, out = check(hosted(type("Bad", (Host,), change)))
    assert code == 1 and message in out, out


def test_check_of_no_site(hosted, tmp_path):
    code, out = check("http://127.0.0.1:9")
    assert code == 1 and "gives no answer" in out
    code, out = check(hosted(Host) + "/nothing/here")
    assert code == 1 and "status 404" in out


def git(folder, *arguments):
    return subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, check=True).stdout.strip()


def test_a_branch_of_a_repository(shop, tmp_path):
    repository = tmp_path / "repository"
    repository.mkdir()
    git(repository, "init", "--quiet", "--initial-branch", "main")
    (repository / "README").write_text("mine")
    (repository / ".gitignore").write_text("*.json\n")
    out = publish("marketplace_overview", *sources(shop), folder=repository, git_branch="pages")
    assert "pages: commit " in out
    assert sorted(path.name for path in repository.iterdir()) == [".git", ".gitignore", "README"]
    assert git(repository, "status", "--short") == "?? .gitignore\n?? README"
    listed = git(repository, "ls-tree", "-r", "--name-only", "pages").splitlines()
    assert {"index.html", "index.json", "_headers"} <= set(listed) and any(name.startswith("data/") for name in listed)
    assert "already" in publish("marketplace_overview", *sources(shop), folder=repository, git_branch="pages")

    # A clone makes the folder from the branch, and keeps the generation before.
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(repository), str(clone))
    git(clone, "branch", "pages", "origin/pages")
    changed = tmp_path / "orders.parquet"
    duckdb.execute(f"COPY (SELECT * REPLACE (amount + 1 AS amount) FROM '{shop['orders']}') TO '{changed}'")
    publish("marketplace_overview", *sources({**shop, "orders": changed}), folder=clone, git_branch="pages")
    index = json.loads(git(clone, "show", "pages:index.json"))
    assert index["generation"] == 2 and index["previous"]
    assert git(clone, "rev-list", "--count", "pages") == "1"
    publish("marketplace_overview", *sources(shop), folder=clone, git_branch="pages", **{"title": "New"})
    assert git(clone, "rev-list", "--count", "pages") == "1"
    done = subprocess.run([BINARY, "publish", "marketplace_status", *sources(shop), "--to", clone, "--git-branch",
                           "pages", "--git-history"], capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert git(clone, "rev-list", "--count", "pages") == "2"

    publish("marketplace_overview", *sources(shop), folder=repository, git_branch="main", fails=True)
    publish("marketplace_overview", *sources(shop), folder=tmp_path, git_branch="pages", fails=True)
    publish("marketplace_overview", *sources(shop), folder=repository, git_branch="--evil", fails=True)
