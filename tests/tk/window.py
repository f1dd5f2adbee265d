"""The window of a test: the app as a process of its own on a display of its own, driven by real mouse and key events.

Run as a program it is that process: it reads expressions on its standard input, one a line, evaluates them in the
window's own thread between two events, and prints each result as JSON.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENT = ROOT / "clients/python"
SHOTS = ROOT / "build/tk"
WAIT_SECONDS = 30


def serve_expressions(url, *arguments):
    import threading

    sys.path.insert(0, str(CLIENT))
    import canvasback.tk
    from canvasback.tk import table

    app = canvasback.tk.App(canvasback.Client(url), **dict(pair.split("=", 1) for pair in arguments))
    names = {"app": app, "table": app.table, "source": app.source, "Place": table.Place, "rss": rss, "time": time}

    def answer(line):
        try:
            result = {"value": eval(line, names)}
        except Exception as error:
            result = {"error": repr(error)}
        print(json.dumps(result, default=repr), flush=True)

    def read():
        for line in sys.stdin:
            app._calls.put(lambda line=line: answer(line))
        app._calls.put(app.close)

    threading.Thread(target=read, daemon=True).start()
    app.run()


def rss():
    """Resident bytes of this process."""
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Display:
    """An X server without a screen, on a number that is free."""

    def __init__(self):
        read, write = os.pipe()
        self.process = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24"],
                                        pass_fds=[write], stderr=subprocess.DEVNULL)  # fmt: skip
        os.close(write)
        with os.fdopen(read) as number:
            self.name = f":{number.readline().strip()}"

    def stop(self):
        self.process.terminate()
        self.process.wait(10)

    def tool(self, *words):
        subprocess.run(["xdotool", *map(str, words)], env={**os.environ, "DISPLAY": self.name}, check=True, timeout=60)

    def shot(self, name):
        """A picture for people to look at, where there is a program for it."""
        if shutil.which("import"):
            SHOTS.mkdir(parents=True, exist_ok=True)
            subprocess.run(["import", "-window", "root", SHOTS / f"{name}.png"],
                           env={**os.environ, "DISPLAY": self.name}, check=True, timeout=60)  # fmt: skip


class Window:
    def __init__(self, display, url, **arguments):
        self.display = display
        self.process = subprocess.Popen(
            [sys.executable, __file__, url, *(f"{name}={value}" for name, value in arguments.items())], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "DISPLAY": display.name})  # fmt: skip

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()

    def ask(self, expression):
        """What an expression over `app`, `table`, `source` is, inside."""
        self.process.stdin.write(expression + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "error" not in answer, f"{expression}: {answer['error']}"
        return answer["value"]

    def wait(self, expression, seconds=WAIT_SECONDS):
        until = time.monotonic() + seconds
        while not (value := self.ask(expression)):
            assert time.monotonic() < until, f"still not so: {expression}; {self.note}"
            time.sleep(0.02)
        return value

    @property
    def note(self):
        """What the status line says."""
        return self.ask("app.status.note.cget('text')")

    def ready(self):
        """Waits until the rows in sight are drawn."""
        self.wait("source.rows > 0 and source.complete and not table._scheduled")

    def place(self, widget):
        """Left, top, width and height on the display."""
        return self.ask(f"[{widget}.winfo_rootx(), {widget}.winfo_rooty(), {widget}.winfo_width(), "
                        f"{widget}.winfo_height()]")  # fmt: skip

    def click(self, widget, x=None, y=None, button=1, repeat=1, keys=()):
        left, top, width, height = self.place(widget)
        self.display.tool("mousemove", left + (width // 2 if x is None else x), top + (height // 2 if y is None else y))
        for key in keys:
            self.display.tool("keydown", key)
        self.display.tool("click", "--repeat", repeat, "--delay", 5, button)
        for key in keys:
            self.display.tool("keyup", key)

    def type(self, widget, text, *keys):
        """Clicks into a field, replaces its text and presses keys."""
        self.click(widget)
        self.ask(f"{widget}.focus_force()")
        self.display.tool("key", "ctrl+a")
        self.display.tool("key", "BackSpace")
        if text:
            self.display.tool("type", "--delay", 2, text)
        for key in keys:
            self.display.tool("key", key)

    def press(self, *keys):
        """Keys for the table."""
        self.ask("table.body.focus_force()")
        self.display.tool("key", *keys)


if __name__ == "__main__":
    serve_expressions(*sys.argv[1:])
