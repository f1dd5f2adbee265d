"""Every example of docs/python.md, run in the order of the page as one program; an expression that stands alone is also
shown. The example of a notebook is run in one by tests/notebook.
"""

import ast
import os
import pathlib
import re
import subprocess
import sys

import pytest
from serving import BINARY, FLIGHTS, ROOT

GUIDE = ROOT / "docs/python.md"
BLOCK = re.compile(r"^```python( notebook)?\n(.*?)^```", re.M | re.S)


def examples():
    """(line, code) of each."""
    text = GUIDE.read_text()
    return [(text.count("\n", 0, found.start()) + 2, found.group(2)) for found in BLOCK.finditer(text)
            if not found.group(1)]  # fmt: skip


def checked(line, code):
    """The code at the lines of the page, each expression that stands alone shown, so that its value is really made."""
    tree = ast.parse(code)
    for place, statement in enumerate(tree.body):
        if isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Call | ast.Await):
            tree.body[place] = ast.Expr(ast.Call(ast.Name("repr", ast.Load()), [statement.value], []))
    return compile(ast.increment_lineno(ast.fix_missing_locations(tree), line - 1), str(GUIDE), "exec")


def test_there_are_examples():
    assert len(examples()) >= 13


def test_every_example(serve, tmp_path):
    server = serve(f"flights={FLIGHTS}")
    program = f"import sys\nsys.path.insert(0, {str(pathlib.Path(__file__).parent)!r})\n" \
              "import test_python_guide as guide\nguide.run()\n"  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "clients/python"), "CANVASBACK_URL": server.url,
                   "CANVASBACK_BIN": BINARY}  # fmt: skip
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True,
                          text=True, timeout=300)  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"{len(examples())} examples" in done.stdout
    assert "400 7 " in done.stdout and re.search(r"^2 3$", done.stdout, re.M), done.stdout
    assert (tmp_path / "sfo.parquet").exists()


def run():
    """All of them in one set of names, as a reader would; the address of the page is that of the server."""
    names = {}
    for line, code in examples():
        code = code.replace('cb.Client("http://localhost:8080")', "cb.Client()")
        exec(checked(line, code), names)
    print(f"{len(examples())} examples")


def test_a_wrong_example_fails():
    with pytest.raises(ZeroDivisionError):
        exec(checked(1, "a = 1\n1 / 0\n"), {})
    with pytest.raises(NameError):
        exec(checked(1, "nobody\n"), {})
