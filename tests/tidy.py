"""Style as a test: what can be said about the text of the sources without a compiler. One rule per function below;
run without arguments it first proves on planted lines that each rule can fail, then checks the repository.
"""

import pathlib
import re
import sys
import unittest
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ["src", "tests", "scripts", "fuzz", "bench", "docs", "cmake", "requirements", "protocol", "clients",
           "packaging", "web", ".ci"]
SKIPPED = {"compile_commands.json", "__pycache__", "node_modules", "corpus", "golden", "dist", ".git"}
CODE = {".cpp", ".hpp", ".h", ".py", ".sh", ".cmake", ".txt", ".in", ".lock", ".supp", ".go", ".ts", ".tsx", ".js",
        ".css", ".html", ""}
TEXT = CODE | {".md", ".json", ".toml", ".yaml", ".yml", ".sql", ".csv"}
HEADERS = {".hpp", ".h"}

FILE_LINES_MAX = 600
LINE_CHARACTERS_MAX = 120
# Tables of pinned checksums: their lines cannot be broken.
LONG_LINES = {"scripts/dependencies.lock"}
# Made by programs.
GENERATED = {"web/package-lock.json", "web/bench/package-lock.json", "web/packages/client/api/schema.ts"}

# Spelled in parts, so that this file does not break its own rules.
MACHINE_PATH = re.compile(
    "|".join(["/ro" + r"ot\b", "/ho" + r"me/\w", "/Us" + r"ers/\w", "/wo" + r"rk/(main|shared)\b"])
)
HOSTS = re.compile("|".join(r"\.".join(parts) for parts in [
    ("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "(org|com)"), ("deb", "debian", "org"), ("crates", "io"),
    ("proxy", "golang", "org"), ("maven", "org"), ("security", "debian", "org"), ("snapshot", "debian", "org"),
]), re.IGNORECASE)  # fmt: skip
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b")


def line_problems(path: str, line: str) -> Iterator[str]:
    """What is wrong with one line."""
    suffix = pathlib.PurePath(path).suffix
    if suffix in CODE and path not in LONG_LINES and len(line) > LINE_CHARACTERS_MAX:
        yield f"{len(line)} characters, at most {LINE_CHARACTERS_MAX}"
    if "\t" in line and not path.endswith("Makefile"):
        yield "a tab"
    if line != line.rstrip():
        yield "space at the end"
    if MACHINE_PATH.search(line):
        yield "a path of somebody's machine"
    if HOSTS.search(line):
        yield "the host name of a package registry"
    if UNFINISHED.search(line):
        yield "unfinished: open an issue instead"


def file_problems(path: str, text: str) -> Iterator[tuple[int, str]]:
    """(line, what is wrong) of one file."""
    lines = text.splitlines()
    suffix = pathlib.PurePath(path).suffix
    if suffix in CODE and len(lines) > FILE_LINES_MAX:
        yield FILE_LINES_MAX + 1, f"{len(lines)} lines, at most {FILE_LINES_MAX}: split it by concept"
    if text and not text.endswith("\n"):
        yield len(lines), "no newline at the end"
    if suffix in HEADERS:
        if "#pragma once" not in lines:
            yield 1, "a header without #pragma once"
        if not lines or not lines[0].startswith("//"):
            yield 1, "a header opens with a comment on what it is and where it sits"
    for number, line in enumerate(lines, 1):
        for problem in line_problems(path, line):
            yield number, problem


def files() -> Iterator[pathlib.Path]:
    """The text files of ours: the folders above and the files beside them."""
    candidates = list(ROOT.iterdir())
    for folder in FOLDERS:
        candidates += (ROOT / folder).rglob("*")
    for file in sorted(candidates):
        relative = file.relative_to(ROOT)
        made = relative.as_posix() in GENERATED
        if file.is_file() and file.suffix in TEXT and not made and not SKIPPED.intersection(relative.parts):
            yield file


class SelfTest(unittest.TestCase):
    """Plants one violation of each rule and expects it to be found, and nothing else."""

    def found(self, path: str, text: str) -> list[str]:
        return [problem for _, problem in file_problems(path, text)]

    def test_clean_text_passes(self) -> None:
        self.assertEqual(self.found("src/base/a.hpp", "// A thing.\n#pragma once\n"), [])
        self.assertEqual(self.found("docs/a.md", "A paragraph. " * 40 + "End.\n"), [])

    def test_every_planted_line_is_found(self) -> None:
        planted = [
            ("x" * 121, "121 characters"),
            ("\tint a;", "a tab"),
            ("int a; ", "space at the end"),
            ("/ho" + "me/ann/a.parquet", "a path"),
            ("/ro" + "ot/a.parquet", "a path"),
            ("see registry.npm" + "js.org", "host name"),
            ("// TO" + "DO later", "unfinished"),
        ]
        for line, why in planted:
            with self.subTest(line=line):
                found = self.found("src/base/a.cpp", line + "\n")
                self.assertEqual(len(found), 1, found)
                self.assertIn(why, found[0])

    def test_every_planted_file_is_found(self) -> None:
        self.assertIn("without #pragma once", self.found("src/a.hpp", "// A thing.\n")[0])
        self.assertIn("opens with a comment", self.found("src/a.hpp", "#pragma once\n")[0])
        self.assertIn("601 lines", self.found("src/a.cpp", "\n" * 601)[0])
        self.assertIn("no newline", self.found("src/a.cpp", "int a;")[0])


def main() -> int:
    outcome = unittest.TextTestRunner(verbosity=0).run(unittest.defaultTestLoader.loadTestsFromTestCase(SelfTest))
    count = 0
    for file in files():
        path = str(file.relative_to(ROOT))
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            print(f"{path}:1: not UTF-8")
            count += 1
            continue
        for number, problem in file_problems(path, text):
            print(f"{path}:{number}: {problem}")
            count += 1
    print(f"tidy: {count} problems")
    return 1 if count or not outcome.wasSuccessful() else 0


if __name__ == "__main__":
    sys.exit(main())
