"""JupyterLab below a path behind a proxy, as JupyterHub has it, and a browser that looks at notebooks in it."""

import asyncio
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request

PREFIX = "/user/ann/"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "chromium"
START_SECONDS = 90


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Proxy:
    """Forwards connections whose first request is below the prefix, WebSockets included; everything else is a 404, so
    that nothing of the page can come from anywhere else."""

    def __init__(self, target):
        self.port, self._target, self.refused = free_port(), target, []
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        threading.Thread(target=self._run, args=(ready,), daemon=True).start()
        ready.wait(10)

    def _run(self, ready):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=1 << 20))
        ready.set()
        self._loop.run_forever()

    async def _serve(self, reader, writer):
        try:
            head = await reader.readuntil(b"\r\n")
            path = head.split(b" ")[1].decode()
            if not path.startswith(PREFIX):
                self.refused.append(path)
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                await writer.drain()
                return
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
            far_writer.write(head)
            await asyncio.gather(pass_on(reader, far_writer), pass_on(far_reader, writer))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def stop(self):
        self._loop.call_soon_threadsafe(self._loop.stop)


async def pass_on(reader, writer):
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


class Lab:
    """A JupyterLab of the Python that runs this, its notebooks in `folder`."""

    def __init__(self, folder):
        self.folder, self.token, port = folder, secrets.token_hex(16), free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.port={port}",
             f"--ServerApp.base_url={PREFIX}", f"--IdentityProvider.token={self.token}",
             f"--ServerApp.root_dir={folder}", "--LabApp.news_url=None", "--LabApp.check_for_updates_class="
             "jupyterlab.NeverCheckForUpdate"],
            stdout=open(folder / "lab.log", "wb"), stderr=subprocess.STDOUT,
            env={**os.environ, "JUPYTER_CONFIG_DIR": str(folder / "config"), "JUPYTERLAB_SETTINGS_DIR":
                 str(folder / "settings"), "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
                 "IPYTHONDIR": str(folder / "ipython")})  # fmt: skip
        self.proxy = Proxy(port)
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                specs = f"http://127.0.0.1:{port}{PREFIX}api/kernelspecs?token={self.token}"
                urllib.request.urlopen(specs, timeout=5).read()
                return
            except OSError:
                assert self.process.poll() is None and time.monotonic() < until, (folder / "lab.log").read_text()
                time.sleep(0.2)

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.proxy.stop()

    def notebook(self, name, *cells):
        """Writes a notebook; its address, behind the proxy."""
        document = {"nbformat": 4, "nbformat_minor": 5,
                    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
                    "cells": [{"cell_type": "code", "id": f"cell{number}", "metadata": {}, "outputs": [],
                               "execution_count": None, "source": text}
                              for number, text in enumerate(cells)]}  # fmt: skip
        (self.folder / name).write_text(json.dumps(document))
        return f"http://127.0.0.1:{self.proxy.port}{PREFIX}lab/tree/{name}?reset&token={self.token}"
