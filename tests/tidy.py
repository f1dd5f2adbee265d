"""Style as a test: what can be said about the text of the sources without a compiler. One rule per function below;
run without arguments it first proves on planted lines that each rule can fail, then checks the repository.

Beside the rules of lines and files there are those of the tree: a class is one thing (few lines, at most two files),
and every .cpp is tested beside itself or where tests/tested_elsewhere.txt says.
"""

import pathlib
import re
import sys
import unittest
from collections import Counter, defaultdict
from collections.abc import Iterator

import cpp_shape

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ["src", "tests", "scripts", "fuzz", "bench", "docs", "cmake", "requirements", "protocol", "clients",
           "packaging", "web", ".ci"]
SKIPPED = {"compile_commands.json", "__pycache__", "node_modules", "corpus", "golden", "dist", "dist-site", ".git"}
CODE = {".cpp", ".hpp", ".h", ".py", ".sh", ".cmake", ".txt", ".in", ".lock", ".supp", ".go", ".ts", ".tsx", ".js",
        ".css", ".html", ""}
TEXT = CODE | {".md", ".json", ".toml", ".yaml", ".yml", ".sql", ".csv"}
HEADERS = {".hpp", ".h"}

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
CLASS_LINES_MAX = 500  # of its methods, in all files
CLASS_FILES_MAX = 2
# Classes that are still larger, and what is to become of them. A line goes with its class.
CLASSES_OPEN: dict[str, str] = {}
TESTED_ELSEWHERE = "tests/tested_elsewhere.txt"
LINE_CHARACTERS_MAX = 120
# Tables of pinned checksums: their lines cannot be broken.
LONG_LINES = {"scripts/dependencies.lock"}
# Made by programs.
GENERATED = {"web/package-lock.json", "web/bench/package-lock.json", "web/interop/package-lock.json",
             "web/packages/client/api/schema.ts"}  # fmt: skip

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
    # Go's own formatter indents by tabs.
    if "\t" in line and not path.endswith(("Makefile", ".go", "go.mod")):
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
    if suffix in HEADERS | {".cpp"}:
        for number, count, _ in cpp_shape.functions(text):
            if count > FUNCTION_LINES_MAX:
                yield number, f"a function of {count} lines, at most {FUNCTION_LINES_MAX}"
    for number, line in enumerate(lines, 1):
        for problem in line_problems(path, line):
            yield number, problem


def class_problems(sources: dict[str, str], still_open: dict[str, str]) -> Iterator[str]:
    """Classes that are too much for one, of the texts of src/ by path; and names in the list of open ones that are not
    any more."""
    lines: Counter[str] = Counter()
    places: defaultdict[str, set[str]] = defaultdict(set)
    for path, text in sources.items():
        if not path.endswith(".cpp") or path.endswith("_test.cpp"):
            continue
        for _, count, signature in cpp_shape.functions(text):
            if name := cpp_shape.class_of(signature):
                lines[name] += count
                places[name].add(path)
    too_much = {name for name in lines if lines[name] > CLASS_LINES_MAX or len(places[name]) > CLASS_FILES_MAX}
    for name in sorted(too_much - still_open.keys()):
        yield f"class {name}: {lines[name]} lines in {len(places[name])} files; split it by concept"
    for name in sorted(still_open.keys() - too_much):
        yield f"class {name} is in CLASSES_OPEN and need not be"


def test_problems(paths: set[str], list_text: str) -> Iterator[str]:
    """.cpp files of src/ that are tested neither beside themselves nor elsewhere, and lines of the list that are not
    true; `paths` are all files there are."""
    elsewhere: dict[str, list[str]] = {}
    for line in list_text.splitlines():
        if line and not line.startswith("#"):
            place, _, tests = line.partition(" : ")
            elsewhere[place] = tests.split()
    for place, tests in elsewhere.items():
        for test in [test for test in tests if test not in paths] or ([] if tests else ["nothing"]):
            yield f"{TESTED_ELSEWHERE}: {place} is tested in {test}, which is not there"
    unused = set(elsewhere)
    for path in sorted(paths):
        if not path.startswith("src/") or not path.endswith(".cpp") or path.endswith("_test.cpp"):
            continue
        if path.removesuffix(".cpp") + "_test.cpp" in paths:
            continue
        named = [place for place in elsewhere if path == place or (place.endswith("/") and path.startswith(place))]
        if not named:
            yield f"{path} has no test beside it and no line in {TESTED_ELSEWHERE}"
        else:
            unused.discard(max(named, key=len))
    for place in sorted(unused):
        yield f"{TESTED_ELSEWHERE}: {place} names nothing without a test of its own"


def tree_problems() -> Iterator[str]:
    """What is wrong with no single file."""
    paths = {str(file.relative_to(ROOT)) for file in files()}
    yield from class_problems({path: (ROOT / path).read_text(encoding="utf-8") for path in paths
                               if path.startswith("src/") and path.endswith(".cpp")}, CLASSES_OPEN)  # fmt: skip
    yield from test_problems(paths, (ROOT / TESTED_ELSEWHERE).read_text(encoding="utf-8"))


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


    def test_long_functions_are_found(self) -> None:
        for signature in ["void f(int a) {", "int A::f(\n    int a) const {", "template <class T>\nT f() {"]:
            with self.subTest(signature=signature):
                counted = len(signature.removeprefix("template <class T>\n").splitlines()) + 1  # and the last brace
                fits = f"namespace a {{\n\n{signature}\n" + "  f();\n" * (FUNCTION_LINES_MAX - counted) + "}\n\n}\n"
                self.assertEqual(self.found("src/a.cpp", fits), [])
                found = self.found("src/a.cpp", fits.replace("  f();\n", "  f();\n  f();\n", 1))
                self.assertEqual(len(found), 1, found)
                self.assertIn("a function of 71 lines", found[0])
        inside = "// A thing.\n#pragma once\nclass A {\n public:\n  void f() {\n" + "    f();\n" * 69 + "  }\n};\n"
        self.assertIn("a function of 71 lines", self.found("src/a.hpp", inside)[0])
        # What is no function may be longer.
        self.assertEqual(self.found("src/a.cpp", "constexpr int kA[] = {\n" + "    1,\n" * 90 + "};\n"), [])

    def test_classes_that_are_too_much_are_found(self) -> None:
        method = "void A::f() {\n" + "  g();\n" * 60 + "}\n\n"
        found = list(class_problems({"src/a.cpp": method * 9}, {}))
        self.assertEqual(found, ["class A: 558 lines in 1 files; split it by concept"])
        files_of_a = {f"src/{name}.cpp": method for name in "abc"}
        self.assertEqual(len(list(class_problems(files_of_a, {}))), 1)
        self.assertEqual(list(class_problems(files_of_a, {"A": "later"})), [])
        self.assertEqual(len(list(class_problems({"src/a.cpp": method}, {"A": "later"}))), 1)
        constructor = "A::A(int b)\n    : b_(b),\n      c_(b) {}\n"
        self.assertEqual(len(list(class_problems({f"src/{name}.cpp": constructor for name in "abc"}, {}))), 1)

    def test_files_without_a_test_are_found(self) -> None:
        paths = {"src/a/b.cpp", "src/a/b_test.cpp", "src/a/c.cpp", "src/d/e.cpp", "tests/t.py"}
        self.assertEqual(list(test_problems(paths, "# a list\nsrc/a/c.cpp : tests/t.py\nsrc/d/ : tests/t.py\n")), [])
        self.assertIn("src/d/e.cpp has no test", list(test_problems(paths, "src/a/c.cpp : tests/t.py\n"))[0])
        self.assertIn("which is not there", list(test_problems(paths, "src/ : tests/gone.py\n"))[0])
        self.assertIn("in nothing", list(test_problems(paths, "src/ : \n"))[0])
        found = list(test_problems(paths, "src/ : tests/t.py\nsrc/a/b.cpp : tests/t.py\n"))
        self.assertEqual(len(found), 1, found)
        self.assertIn("names nothing", found[0])


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
    for problem in tree_problems():
        print(problem)
        count += 1
    print(f"tidy: {count} problems")
    return 1 if count or not outcome.wasSuccessful() else 0


if __name__ == "__main__":
    sys.exit(main())
