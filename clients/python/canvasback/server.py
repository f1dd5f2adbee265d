"""A private server: started from the program that the wheel carries (or that is on PATH), stopped with this process.

    with canvasback.serve("data/*.parquet") as server:
        server.client["data"].head(5).to_polars()
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Mapping
from typing import Any

from . import frames
from .client import Client

START_SECONDS = 60.0
STOP_SECONDS = 10.0
PACKAGED = pathlib.Path(__file__).parent / "_server/bin/canvasback"
ADDRESS = re.compile(rb"http://127\.0\.0\.1:(\d+)")
# The server must not outlive this process, however that ends: its keeper stops it when the pipe from here closes.
KEEPER = """
exec 3<&0
"$@" </dev/null & server=$!
{ cat <&3; kill "$server"; } >/dev/null 2>&1 &
exec 1>&-
wait "$server"
"""

Path = str | os.PathLike[str]


def program() -> str:
    """The server: CANVASBACK_BIN, else the one in this package, else the one on PATH. Raises FileNotFoundError."""
    named = os.environ.get("CANVASBACK_BIN")
    if named:
        return named
    if PACKAGED.exists():
        return str(PACKAGED)
    # Of this package on PATH is only a way to the one above.
    found = [each for folder in os.get_exec_path() for each in [shutil.which("canvasback", path=folder)] if each]
    for each in found:
        with open(each, "rb") as file:
            if file.read(4) == b"\x7fELF":
                return each
    raise FileNotFoundError("this installation of canvasback has no server in it: install the wheel of a platform that "
                            "has one, or name a program by CANVASBACK_BIN")  # fmt: skip


def main() -> None:
    """The command `canvasback`: the server's own."""
    try:
        binary = program()
    except FileNotFoundError as error:
        sys.exit(f"canvasback: {error}")
    os.execv(binary, [binary, *sys.argv[1:]])


class Server:
    """A running private server; `url`, `client`. A context manager. It ends with close(), when nothing refers to it or
    to a client of it any more, and with this process."""

    def __init__(self, arguments: list[str], data: Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="canvasback-")
        folder = pathlib.Path(self._folder.name)
        self._log_path = folder / "log.txt"
        command = [program(), "serve", *arguments, "--listen", "127.0.0.1:0", "--data", str(data or folder / "data")]
        with open(self._log_path, "wb") as log:
            self._process = subprocess.Popen(["/bin/sh", "-c", KEEPER, "sh", *command], stdin=subprocess.PIPE,
                                             stdout=subprocess.PIPE, stderr=log, start_new_session=True)  # fmt: skip
        # Without a reference to self: the finalizer of an object that it would keep alive is never called.
        self._end = weakref.finalize(self, _stop, self._process, self._folder)
        try:
            self.url = f"http://127.0.0.1:{self._read_port()}"
        except BaseException:
            self.close()
            raise

    @property
    def client(self) -> Client:
        """A client of it. The server stays as long as a client, or anything made with one, is there."""
        made = Client(self.url)
        made.transport.owner = self
        return made

    def _read_port(self) -> int:
        assert self._process.stdout is not None
        until = time.monotonic() + START_SECONDS
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self._process.stdout], [], [], max(0, until - time.monotonic()))
            part = os.read(self._process.stdout.fileno(), 4096) if ready else b""
            if not part:
                break
            line += part
        found = ADDRESS.search(line)
        if found is None:
            raise RuntimeError(f"the server did not start: {self.log().strip() or 'no address within a minute'}")
        return int(found.group(1))

    def log(self) -> str:
        """What it wrote to its log so far."""
        with contextlib.suppress(OSError):
            return self._log_path.read_text(errors="replace")
        return ""

    def close(self) -> None:
        self._end()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"canvasback.Server({getattr(self, 'url', 'not started')!r})"


def _stop(process: subprocess.Popen[bytes], folder: tempfile.TemporaryDirectory[str]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait(STOP_SECONDS)
    if process.stdout is not None:
        process.stdout.close()
    folder.cleanup()


def serve(*paths: Path, data: Path | None = None, settings: Mapping[str, Any] | None = None,
          **datasets: Path) -> Server:  # fmt: skip
    """Starts a server of these files, folders or globs; `orders="data/orders/*.parquet"` names a dataset.

    `data`: the folder of its collections, without it a temporary one that is removed. `settings` as in
    docs/configuration.md: {"memory": "2GB"}.
    """
    arguments = [_absolute(path) for path in paths]
    arguments += [f"{name}={_absolute(path)}" for name, path in datasets.items()]
    for name, value in (settings or {}).items():
        arguments += ["--" + name.replace("_", "-"), str(value)]
    return Server(arguments, data)


def _absolute(path: Path) -> str:
    """As from here: the server has another working folder for a name that this process may change. Raises
    FileNotFoundError for a path that is no glob and is not there: the server would wait for it."""
    text = os.fspath(path)
    name, separator, place = text.partition("=") if "=" in text.split("/")[0] else ("", "", text)
    plain = place.partition("?")[0]
    if not os.path.exists(place) and not os.path.exists(plain) and not re.search(r"[*?\[]", place):
        raise FileNotFoundError(f"there is no file or folder {place}")
    return name + separator + os.path.abspath(place)


class FrameServer(Server):
    """A private server of one frame, which it has as a Parquet file of its own."""

    def __init__(self, frame: Any, name: str) -> None:
        self._file_folder = tempfile.TemporaryDirectory(prefix="canvasback-frame-")
        file = pathlib.Path(self._file_folder.name) / f"{name}.parquet"
        frames.write_parquet(frame, file)
        super().__init__([f"{name}={file}"])
        weakref.finalize(self, self._file_folder.cleanup)
        self.name = name


def serve_frame(frame: Any, name: str = "frame") -> FrameServer:
    """A server of a frame: polars, pandas, pyarrow, a DuckDB relation, anything with `__arrow_c_stream__`."""
    return FrameServer(frame, name)
