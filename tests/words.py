"""The glossary of CONTRIBUTING.md as a test: finds words that it lists as not used in what people read (documents, the
API description, messages, help, texts of the app) and in names of the code. Run without arguments it first proves on
planted texts that it can fail, then checks the repository.
"""

import json
import pathlib
import re
import sys
import unittest
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENTS = ["*.md", "docs/*.md", "docs/decisions/*.md", "bench/README.md"]
# History is not rewritten; the glossary itself must name what is not used.
NOT_CHECKED = {"CHANGELOG.md"}
GLOSSARY = re.compile(r"^## Words\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)

# Names that are being replaced, by the folders that still have them: no other folder may begin to use one. Remove a
# folder when it is done.
NAMES = {
    "cheaper": ("statement rewrite", {"src/engine", "src/worker"}),
    "judge": ("check", {"src/engine", "src/service", "src/source", "src/storage", "src/worker"}),
    "lane": (
        "admission class, or column builder",
        {"src/base", "src/service", "src/source", "src/transport", "src/worker"},
    ),
    "look_again": ("on_missing_files", {"src/server", "src/service"}),
    "stillborn": ("discarded", {"src/service", "src/storage"}),
    "verdict": ("conflicts", {"src/service", "src/storage"}),
}
# Lanes of a vector register are called so everywhere.
VECTORS = {"src/analyse"}


def glossary(text: str) -> dict[str, str]:
    """What is not used → what is, of the table in the section Words; both as they are written there."""
    section = GLOSSARY.search(text)
    found = {}
    for line in section.group().splitlines() if section else []:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3:
            for phrase in re.findall(r"`([^`]+)`", cells[2]):
                found[phrase] = cells[0]
    return found


def finder(phrases: dict[str, str]) -> re.Pattern[str]:
    """Whole words in any case; a space is any white space."""
    parts = [re.escape(phrase).replace(r"\ ", r"\s+") for phrase in sorted(phrases, key=len, reverse=True)]
    return re.compile(r"(?<![\w-])(" + "|".join(parts) + r")(?![\w-])", re.IGNORECASE)


def blanked(pattern: str, text: str, flags: re.RegexFlag = re.NOFLAG) -> str:
    """Without what matches, on the same lines."""
    return re.sub(pattern, lambda match: re.sub(r"[^\n]", " ", match.group()), text, flags=flags)


def prose(text: str) -> str:
    """A document without its code, the addresses of its links and the glossary."""
    text = GLOSSARY.sub(lambda match: "\n" * match.group().count("\n"), text)
    text = blanked(r"^```.*?^```", text, re.MULTILINE | re.DOTALL)
    return blanked(r"`[^`\n]*`|\]\([^)]*\)", text)


def literals(text: str) -> Iterator[tuple[int, str]]:
    """(line, text) of the string literals of C++ or TypeScript; those that a line end parts are one."""
    text = blanked(r'/\*.*?\*/|(?<![:"\w])//[^\n]*', text, re.DOTALL)
    string = r'"(?:[^"\\\n]|\\.)*"'
    for match in re.finditer(rf"{string}(?:\s*\+?\s*{string})*|`(?:[^`\\]|\\.)*`", text):
        parts = re.findall(string, match.group()) or [match.group()]
        yield text.count("\n", 0, match.start()) + 1, "".join(part[1:-1] for part in parts)


def markup(text: str) -> Iterator[tuple[int, str]]:
    """(line, text) between the tags of TSX."""
    text = blanked(r"/\*.*?\*/|(?<![:\"\w])//[^\n]*", text, re.DOTALL)
    for match in re.finditer(r"(?<=[>}])[^<>{}=;()]*[A-Za-z][^<>{}=;()]*(?=[<{])", text):
        yield text.count("\n", 0, match.start()) + 1, match.group()


def descriptions(node: object) -> Iterator[str]:
    """What an OpenAPI document says in words."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if key in ("description", "summary", "detail", "message") and isinstance(value, str):
            yield value
        else:
            yield from descriptions(value)


def is_test(path: str) -> bool:
    return bool(re.search(r"_test\.cpp$|\.test\.tsx?$|test_?[sS]upport", path))


def texts_of(path: str, text: str) -> Iterator[tuple[int, str]]:
    """(line, text) of what a person may read of a file."""
    if path.endswith(".md"):
        yield 1, prose(text)
    elif path.endswith("openapi.json"):
        yield from ((1, words) for words in descriptions(json.loads(text)))
    else:
        yield from literals(text)
        if path.endswith(".tsx"):
            yield from markup(text)


def text_problems(path: str, text: str, phrases: dict[str, str]) -> Iterator[str]:
    pattern = finder(phrases)
    by_words = {" ".join(phrase.lower().split()): use for phrase, use in phrases.items()}
    for line, words in texts_of(path, text):
        for match in pattern.finditer(words):
            used = by_words[" ".join(match.group().lower().split())]
            at = line + words.count("\n", 0, match.start()) if path.endswith(".md") else line
            yield f'{path}:{at}: "{" ".join(match.group().split())}": {used}'


def name_problems(path: str, text: str) -> Iterator[str]:
    """Parts of names, apart by _ or a capital."""
    folder = "/".join(path.split("/")[:2])
    for name, (better, still) in NAMES.items():
        if folder in still | VECTORS:
            continue
        words = name.split("_")
        camel = "".join(word.capitalize() for word in words)
        pattern = rf"(?<![a-z]){name}s?(?![a-z])|{camel}s?(?![a-z])|(?<![A-Za-z])k{camel}"
        for match in re.finditer(pattern, blanked(r'/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"', text, re.DOTALL)):
            yield f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()}: {better}"


def read_texts() -> Iterator[tuple[str, str]]:
    """(path, text) of everything with words for people."""
    files = [file for pattern in DOCUMENTS for file in ROOT.glob(pattern)]
    files += [ROOT / "protocol/openapi.json", *(ROOT / "src").rglob("*.[ch]pp")]
    for folder in ("web/apps", "web/packages"):
        files += [file for file in (ROOT / folder).rglob("*.ts*") if "node_modules" not in file.parts]
    for file in sorted(files):
        path = file.relative_to(ROOT).as_posix()
        if path not in NOT_CHECKED and not is_test(path) and not path.endswith("api/schema.ts"):
            yield path, file.read_text(encoding="utf-8")


class SelfTest(unittest.TestCase):
    """Plants words in each kind of text and expects them to be found, and nothing else."""

    PHRASES = {"put aside": "quarantine", "made up": "generate"}

    def found(self, path: str, text: str) -> list[str]:
        return list(text_problems(path, text, self.PHRASES))

    def test_the_glossary_is_read(self) -> None:
        row = "| quarantine | x | `put aside`, `made up` |"
        text = f"# A\n\n## Words\n\n| term | meaning | not |\n|---|---|---|\n{row}\n\n## B\n"
        self.assertEqual(glossary(text), {"put aside": "quarantine", "made up": "quarantine"})

    def test_every_planted_text_is_found(self) -> None:
        planted = {
            "docs/a.md": "One line.\n\nRecords are put\naside.\n",
            "src/a.cpp": 'return fail("It was " // why\n  "put aside.");',
            "web/apps/a.ts": 'const a = "Put  aside";',
            "web/apps/b.tsx": "<p>\n  Records made up: {n} of them\n</p>",
            "web/apps/c.tsx": "<p>{n} put aside</p>",
            "web/apps/d.ts": "const a = `${n} put aside`;",
            "protocol/openapi.json": '{"paths": [{"description": "Are put aside."}]}',
        }
        for path, text in planted.items():
            with self.subTest(path=path):
                self.assertEqual(len(self.found(path, text)), 1, self.found(path, text))
        self.assertIn("docs/a.md:3:", self.found("docs/a.md", planted["docs/a.md"])[0])

    def test_code_and_parts_of_words_are_not(self) -> None:
        clean = {
            "docs/a.md": "`put aside`\n```sh\nput aside\n```\n[x](put aside) output aside, put asides\n",
            "docs/b.md": "## Words\nput aside\n",
            "src/a.cpp": '// put aside\nint a = put(aside); // "put aside"\nconst char* b = "http://a";',
            "web/apps/a.tsx": "/* put aside */ const a = <p className={made}>fine</p>;",
            "protocol/openapi.json": '{"put aside": {"name": "made up"}}',
        }
        for path, text in clean.items():
            with self.subTest(path=path):
                self.assertEqual(self.found(path, text), [])

    def test_names_are_found_outside_of_their_folders(self) -> None:
        for text in ("int lane = 0;", "struct Lane {};", "lanes_.size()", "kLaneMax", "fast_lane(1)", "FastLane x;"):
            with self.subTest(text=text):
                self.assertEqual(len(list(name_problems("src/query/a.cpp", text))), 1)
                self.assertEqual(list(name_problems("src/source/a.cpp", text)), [])
        for text in ("// lane", '"lane"', "plane", "laneway", "airplanes"):
            self.assertEqual(list(name_problems("src/query/a.cpp", text)), [], text)


def main() -> int:
    outcome = unittest.TextTestRunner(verbosity=0).run(unittest.defaultTestLoader.loadTestsFromTestCase(SelfTest))
    phrases = glossary((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    problems = [] if phrases else ["CONTRIBUTING.md:1: no table of words"]
    for path, text in read_texts() if phrases else ():
        problems += text_problems(path, text, phrases)
        if path.endswith((".cpp", ".hpp", ".ts", ".tsx")):
            problems += name_problems(path, text)
    for problem in problems:
        print(problem)
    print(f"words: {len(problems)} that are not used")
    return 1 if problems or not outcome.wasSuccessful() else 0


if __name__ == "__main__":
    sys.exit(main())
