"""The dependency rule of the web app as a test, the twin of layers.py: fails on an import that points the wrong way
between packages, on a package that imports an app, on a circle (of files, or of the folders of an app), on a module of
another party outside its home, and on anything but the client that talks to a server. All imports count: of types, of
modules loaded later, of workers. Run without arguments it first proves on planted imports that it can fail, then checks
web/packages and web/apps.
"""

import pathlib
import re
import sys
import tempfile
import unittest
from collections.abc import Callable, Iterator

# Packages import from earlier rows only. Packages of one row never import each other: the grid knows no transport.
ORDER = [
    ["values"],
    ["frame"],
    ["client", "grid", "parquet"],
    ["charts"],
    ["dashboards"],
    ["rollups"],
]
RANK = {package: rank for rank, row in enumerate(ORDER) for package in row}
ALIAS = "@canvasback/"

# Homes of other parties' modules: (pattern of the module, folders that may import it). The first match counts.
HOMES = [
    (r"vitest$|node:", ["tests"]),
    (r"apache-arrow$", ["packages/values", "packages/client"]),
    (r"(hyparquet|fzstd)(/|$)", ["packages/parquet"]),
    (r"(echarts|d3-array|d3-shape|d3-time)(/|$)", ["packages/charts"]),
    (r"@(codemirror|lezer)/", ["apps/live/src/sql", "apps/live/src/editor"]),
    (r"(react|react-dom|@tabler)(/|$)", ["packages/grid", "packages/charts", "packages/dashboards", "apps"]),
    (r"@mantine/", ["packages/charts", "apps"]),
    (r"@tanstack/|zustand(/|$)", ["apps"]),
]
# What talks to a server. Methods named `fetch` (a frame has one) are none of these.
TRANSPORT = re.compile(
    r"\bnew\s+(WebSocket|XMLHttpRequest|EventSource|Worker|SharedWorker)\b|\bsendBeacon\b|"
    r"\b(?:window|globalThis|self)\.(fetch)\b|(?:\b(?:await|return|void)\s+|[=(,:?]\s*)(fetch)\("
)
TALKS = ("packages/client/", "packages/parquet/host.ts", "packages/parquet/decoder.ts")

LITERAL = r"""(["'`])((?:\\.|(?!\1)[^\n])*)\1"""
IMPORT = re.compile(
    r"""(?:(?<=[\w}*]\s)from\s*|\bimport\s*|\bimport\s*\(\s*|\bnew\s+URL\(\s*|@import\s+(?:url\()?)""" + LITERAL
)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|" + LITERAL, re.DOTALL)
SUFFIXES = {".ts", ".tsx", ".css"}


def is_test(path: str) -> bool:
    return ".test." in path or path.rsplit("/", 1)[-1].startswith("testSupport.")


def owner_of(path: str) -> str:
    """packages/NAME or apps/NAME."""
    return "/".join(path.split("/")[:2])


def folder_of(path: str) -> str:
    """Of a file of an app, its folder below src/; the files beside them are a folder each."""
    parts = path.split("/")
    return "/".join(parts[:4])


def without_comments(text: str) -> str:
    """Comments blanked, but not what looks like one inside a text."""
    blank = lambda match: match[0] if match[1] else re.sub(r"[^\n]", " ", match[0])
    return COMMENT.sub(blank, text)


def imports_of(text: str) -> Iterator[tuple[int, str]]:
    """(line, module) of every import; of addresses made with `new URL`, those of files."""
    for match in IMPORT.finditer(text):
        module = match[2]
        if match[0].startswith("new") and not module.startswith("."):
            continue
        yield text.count("\n", 0, match.start()) + 1, module


def resolved(path: str, module: str, files: set[str]) -> str | None:
    """The file that is meant, for modules of our own; None where there is no such file."""
    base = pathlib.PurePosixPath(path).parent
    where = "packages/" + module[len(ALIAS) :] if module.startswith(ALIAS) else (base / module).as_posix()
    parts: list[str] = []
    for part in where.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in (".", ""):
            parts.append(part)
    found = "/".join(parts)
    return next((found + end for end in ("", ".ts", ".tsx", "/index.ts") if found + end in files), None)


def wrong_direction(path: str, target: str, module: str) -> str | None:
    """Why the file must not import this one of ours, or None."""
    here, there = owner_of(path), owner_of(target)
    if is_test(target) and not is_test(path):
        return "only tests import what is made for tests"
    if here == there:
        return "within a package imports are relative" if module.startswith(ALIAS) else None
    if there.startswith("apps/"):
        return "packages never import apps" if here.startswith("packages/") else "apps never import each other"
    if not module.startswith(ALIAS):
        return f"other packages are imported as {ALIAS}…"
    from_name, to_name = here.split("/")[1], there.split("/")[1]
    if here.startswith("apps/"):
        return None
    if RANK[to_name] == RANK[from_name]:
        return f"{from_name} and {to_name} never import each other"
    return f"{to_name} comes after {from_name}" if RANK[to_name] > RANK[from_name] else None


def wrong_home(path: str, module: str) -> str | None:
    """Why the file must not import this module of another party, or None."""
    for pattern, homes in HOMES:
        if re.match(pattern, module):
            if any(path.startswith(home + "/") for home in homes) or ("tests" in homes and is_test(path)):
                return None
            # A test may make its input with what its neighbours use.
            return None if is_test(path) and any(owner_of(home) == owner_of(path) for home in homes) else (
                "its home is " + ", ".join(homes)
            )
    return None if module.startswith("@mantine/core/styles") else "it has no home: give it one in tests/web_layers.py"


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """One circle through each knot of nodes that reach each other, the shortest from its first node."""
    found, done = [], set()
    for start in sorted(graph):
        if start in done:
            continue
        seen, chains = {start}, [[start]]
        for chain in chains:
            for node in sorted(graph.get(chain[-1], ())):
                if node == start:
                    found.append([*chain, start])
                    done.update(chain)
                    chains.clear()
                    break
                if node not in seen:
                    seen.add(node)
                    chains.append([*chain, node])
            else:
                continue
            break
    return found


def graph_of(edges: Iterator[tuple[str, str]], name: Callable[[str], str]) -> dict[str, set[str]]:
    graph: dict[str, set[str]] = {}
    for path, target in edges:
        here, there = name(path), name(target)
        if here != there or path == target:
            graph.setdefault(here, set()).add(there)
    return graph


def check(web: pathlib.Path) -> list[str]:
    """What is wrong in web/packages and web/apps, a line each."""
    problems, edges = [], []
    known = [file for folder in ("packages", "apps") for file in (web / folder).rglob("*") if file.is_file()]
    files = {file.relative_to(web).as_posix() for file in known}
    for path in sorted(files):
        if pathlib.PurePosixPath(path).suffix not in SUFFIXES:
            continue
        name = owner_of(path).split("/")[1]
        if path.startswith("packages/") and name not in RANK:
            problems.append(f"{path}: packages/{name} has no place in the dependency rule")
            continue
        text = without_comments((web / path).read_text(encoding="utf-8"))
        for line, module in imports_of(text):
            if is_test(path) and module.endswith(".mjs"):
                continue
            if not module.startswith((".", ALIAS)):
                why = None if path.endswith(".css") else wrong_home(path, module)
            else:
                target = resolved(path, module, files)
                if target is None:
                    why = "no such file"
                else:
                    why = wrong_direction(path, target, module)
                    if not is_test(path):
                        edges.append((path, target))
            if why:
                problems.append(f"{path}:{line}: {module}: {why}")
        for match in TRANSPORT.finditer(text):
            if not path.startswith(TALKS) and not is_test(path):
                word = next(filter(None, match.groups()), match[0])
                line = text.count("\n", 0, match.start()) + 1
                problems.append(f"{path}:{line}: {word}: only packages/client talks to a server, parquet to a host")
    for circle in circles(graph_of(iter(edges), lambda path: path)):
        problems.append(f"{circle[0]}: a circle of imports: {' → '.join(circle)}")
    within = (edge for edge in edges if edge[0] != edge[1] and all(path.startswith("apps/") for path in edge))
    for circle in circles(graph_of(within, folder_of)):
        problems.append(f"{circle[0]}: a circle of folders: {' → '.join(circle)}")
    return problems


class SelfTest(unittest.TestCase):
    """Each rule must be able to fail."""

    CLEAN = {
        "packages/values/text.ts": 'import { Type } from "apache-arrow";\nimport { digits } from "./digits";\n',
        "packages/values/digits.ts": "export const digits = 1;\n",
        "packages/values/digits.test.ts": 'import { it } from "vitest";\nimport { digits } from "./digits";\n',
        "packages/frame/dataFrame.ts": 'import type { Text } from "@canvasback/values/text";\n',
        "packages/client/index.ts": 'export { call } from "./call";\n',
        "packages/client/call.ts": (
            'import { table } from "apache-arrow";\nimport type { Frame } from "@canvasback/frame/dataFrame";\n'
            "export const call = async () => await fetch(`/x`);\n"
            'const worker = new Worker(new URL("./work.ts", import.meta.url));\n'
        ),
        "packages/client/work.ts": "postMessage(1);\n",
        "packages/grid/Grid.tsx": (
            'import { useState } from "react";\nimport type { Frame } from "@canvasback/frame/dataFrame";\n'
            'import "./grid.css";\nframe.fetch(range);\n'
        ),
        "packages/grid/grid.css": '@import "./colours.css";\n',
        "packages/grid/colours.css": "a { color: red }\n",
        "packages/charts/Chart.tsx": (
            'import { call } from "@canvasback/client";\nimport { init } from "echarts/core";\n'
        ),
        "apps/live/src/main.tsx": 'import "@mantine/core/styles.css";\nimport { router } from "./app/router";\n',
        "apps/live/src/app/router.tsx": 'export const page = () => import("../pages/Page");\n',
        "apps/live/src/pages/Page.tsx": 'import { Grid } from "@canvasback/grid/Grid";\n',
        "apps/live/src/sql/Editor.tsx": 'import { EditorView } from "@codemirror/view";\n',
        "apps/site/src/main.tsx": 'import { Grid } from "@canvasback/grid/Grid";\n',
    }

    def problems(self, planted: dict[str, str]) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path, text in {**self.CLEAN, **planted}.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
            return check(root)

    def test_a_clean_tree_passes(self) -> None:
        self.assertEqual(self.problems({}), [])

    def test_every_planted_line_is_found(self) -> None:
        planted = [
            ("packages/values/a.ts", 'import { b } from "@canvasback/frame/dataFrame";', "frame comes after values"),
            ("packages/frame/a.ts", 'export * from "@canvasback/client";', "client comes after frame"),
            ("packages/grid/a.ts", 'import type { C } from "@canvasback/client";', "never import each other"),
            ("packages/client/a.ts", 'const g = await import("@canvasback/grid/Grid");', "never import each other"),
            ("packages/grid/a.ts", 'import { C } from "@canvasback/charts/Chart";', "charts comes after grid"),
            ("packages/parquet/a.ts", 'import { call } from "@canvasback/client";', "never import each other"),
            ("packages/client/a.ts", 'import { decompress } from "fzstd";', "its home is packages/parquet"),
            ("packages/parquet/a.ts", "const file = await fetch(`/x`);", "only packages/client talks"),
            ("packages/grid/a.ts", 'import { p } from "../../apps/live/src/pages/Page";', "packages never import apps"),
            ("packages/charts/a.ts", 'import("../../apps/site/src/main")', "packages never import apps"),
            ("apps/site/src/a.ts", 'import { p } from "../../live/src/pages/Page";', "apps never import each other"),
            ("packages/grid/a.ts", 'import { f } from "../frame/dataFrame";', "are imported as @canvasback/"),
            ("apps/live/src/a.ts", 'import { f } from "../../../packages/frame/dataFrame";', "are imported as"),
            ("packages/frame/a.ts", 'import { f } from "@canvasback/frame/dataFrame";', "imports are relative"),
            ("packages/values/a.ts", 'import { t } from "./digits.test";', "only tests import"),
            ("packages/values/a.ts", 'import { t } from "./nowhere";', "no such file"),
            ("packages/values/a.ts", 'import { t } from "@canvasback/nowhere";', "no such file"),
            ("packages/grid/a.css", '@import "./nowhere.css";', "no such file"),
            ("packages/helpers/a.ts", "export const a = 1;", "no place in the dependency rule"),
            ("packages/grid/a.ts", 'import { Type } from "apache-arrow";', "its home is packages/values"),
            ("packages/values/a.ts", 'import { useState } from "react";', "its home is packages/grid"),
            ("apps/live/src/pages/a.ts", 'import { init } from "echarts/core";', "its home is packages/charts"),
            ("apps/live/src/pages/a.ts", 'import { E } from "@codemirror/view";', "its home is apps/live/src/sql"),
            ("packages/client/a.ts", 'import { create } from "zustand";', "its home is apps"),
            ("packages/client/a.ts", 'import { it } from "vitest";', "its home is tests"),
            ("packages/client/a.ts", 'import _ from "lodash";', "it has no home"),
            ("packages/grid/a.ts", "const rows = await fetch(`/api`);", "only packages/client talks"),
            ("packages/frame/a.ts", "const s = new WebSocket(url);", "only packages/client talks"),
            ("apps/live/src/a.ts", "window.fetch(url);", "only packages/client talks"),
            ("packages/client/a.ts", 'import { b } from "./a";\n', "a circle of imports"),
        ]
        for path, line, why in planted:
            with self.subTest(path=path, line=line):
                found = self.problems({path: line + "\n"})
                self.assertEqual(len(found), 1, found)
                self.assertIn(path, found[0])
                self.assertIn(why, found[0])

    def test_circles_are_found_whatever_kind_of_import_closes_them(self) -> None:
        for closing in ('import type { A } from "./a";', 'const a = () => import("./a");',
                        'const w = new URL("./a.ts", import.meta.url);'):  # fmt: skip
            with self.subTest(closing=closing):
                found = self.problems({
                    "packages/frame/a.ts": 'import { b } from "./b";\n',
                    "packages/frame/b.ts": 'import { c } from "./c";\n',
                    "packages/frame/c.ts": closing + "\n",
                })  # fmt: skip
                self.assertEqual(len(found), 1, found)
                self.assertIn("a circle of imports: packages/frame/a.ts → packages/frame/b.ts", found[0])

    def test_a_circle_of_folders_is_found_where_no_files_make_one(self) -> None:
        found = self.problems({
            "apps/live/src/pages/Other.tsx": 'import { words } from "../app/words";\n',
            "apps/live/src/app/words.ts": "export const words = 1;\n",
        })  # fmt: skip
        self.assertEqual(len(found), 1, found)
        self.assertIn("a circle of folders: apps/live/src/app → apps/live/src/pages → apps/live/src/app", found[0])

    def test_comments_and_texts_do_not_count(self) -> None:
        commented = '// import { a } from "@canvasback/client";\n/*\nimport "./nowhere";\n*/\n'
        self.assertEqual(self.problems({"packages/grid/a.ts": commented}), [])
        hidden = 'const u = "https://x"; import { a } from "@canvasback/client";\n'
        self.assertEqual(len(self.problems({"packages/grid/a.ts": hidden})), 1)
        self.assertEqual(self.problems({"packages/grid/a.ts": 'const u = new URL("/x", location.href);\n'}), [])


def main() -> int:
    outcome = unittest.TextTestRunner(verbosity=0).run(unittest.defaultTestLoader.loadTestsFromTestCase(SelfTest))
    problems = check(pathlib.Path(__file__).resolve().parent.parent / "web")
    for problem in problems:
        print(f"web/{problem}")
    print(f"web_layers: {len(problems)} wrong imports")
    return 1 if problems or not outcome.wasSuccessful() else 0


if __name__ == "__main__":
    sys.exit(main())
