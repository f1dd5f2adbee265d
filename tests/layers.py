"""The dependency rule as a test: fails on an #include that points the wrong way, on a header of another party outside
its home folder, and on a front (service, transport, worker/pool) that reaches an engine, encoder or source through
other headers. Run without arguments it first proves on planted violations that it can fail, then checks src/.
"""

import pathlib
import re
import sys
import tempfile
import unittest
from collections.abc import Callable, Iterator

# Includes point from a later row to an earlier one. Folders of one row never include each other.
ORDER = [
    ["base"],
    ["stream"],
    ["encode", "engine", "source", "analyse"],
    ["storage"],
    ["task"],
    ["worker"],
    ["service"],
    ["transport"],
    ["server"],
]
RANK = {folder: rank for rank, row in enumerate(ORDER) for folder in row}
JOINED_IN_CHILD = {"encode", "engine", "source", "analyse"}
MAIN_MAY_INCLUDE = {"base", "server", "worker/child"}
# These run in the trusted process: they must not see what parses data, not even through other headers.
FRONT = {"service", "transport", "worker/pool"}
KEPT_FROM_FRONT = JOINED_IN_CHILD | {"worker/child"}

# Home folders of other parties' headers: (pattern of the header, where it may be included). The first match counts.
# A home is a folder, a file without its extension ("base/json"), or ANYWHERE.
ANYWHERE = ""
ABOVE_STREAM = ["stream", "encode", "engine", "source", "analyse", "storage", "task", "worker", "transport/flight"]
HOMES = [
    (r"fmt/", [ANYWHERE]),
    (r"spdlog/", ["base/log"]),
    (r"simdjson\.h", ["base/json", "source/records"]),
    (r"openssl/", ["base/hash", "transport"]),
    (r"libdeflate\.h", ["encode/xlsx"]),
    (r"(zstd|zlib|zconf|lz4|lz4frame|lz4hc)\.h", ["base/compress", "base/decompress"]),
    (r"arrow/flight/", ["transport/flight"]),
    (r"arrow/", ABOVE_STREAM),
    (r"parquet/", ["encode/parquet", "storage/parquet"]),
    (r"isa-l/crc\.h", ["base/checksum"]),
    (r"isa-l(\.h|/)|png\.h", ["encode"]),
    (r"duckdb\.h", ["engine/duckdb"]),
    (r"grpc(pp)?/", ["engine/spark_connect"]),
    (r"mysql/|mariadb/|mysql\.h", ["source/mysql"]),
    (r"seccomp\.h|linux/(landlock|seccomp|filter|audit)\.h", ["worker/child"]),
    (r"protozero/", ["transport/flight"]),
    (r"boost/beast", ["transport"]),
    (r"boost/regex\.hpp", ["stream/value_pattern"]),
    (r"boost/", ["worker/pool", "service", "transport", "server"]),
    (r"CLI/|toml\+\+/", ["server"]),
]
TEST_ONLY = re.compile(r"(gtest|gmock)/")
# The operating system's and the compiler's own headers.
SYSTEM = re.compile(
    r"(sys|linux|netinet|arpa|net|asm|bits)/|"
    r"[a-z_]+$|"  # the C++ library: no slash, no extension
    r"(unistd|fcntl|poll|signal|spawn|dirent|errno|dlfcn|pthread|sched|time|termios|glob|fnmatch|malloc|link|elf|grp|"
    r"pwd|syslog|stdio|stdlib|string|strings|stdint|stddef|limits|math|netdb|libgen|ftw|utime|locale|ucontext|"
    r"execinfo|cxxabi|getopt|sysexits|ifaddrs|(x86|imm|emm|avx2?|nmm|smm|cpu)intrin|cpuid|arm_neon|arm_acle)\.h$"
)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include(?:_next)?[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
EXTENSIONS = {".cpp", ".hpp", ".h", ".ipp", ".inc"}


def folder_of(path: str) -> str:
    """The layer that a file belongs to: its first folder, or worker/child and worker/pool."""
    parts = path.split("/")
    if len(parts) == 1:
        return "main"
    return "/".join(parts[:2]) if parts[0] == "worker" and len(parts) > 2 else parts[0]


def within(path: str, home: str) -> bool:
    return home == ANYWHERE or path.startswith(home + "/") or re.fullmatch(re.escape(home) + r"(_test)?\.\w+", path)


def wrong_direction(path: str, target: str) -> str | None:
    """Why the file must not include this project header, or None."""
    here, there = folder_of(path), folder_of(target)
    if here == "main":
        return None if there in MAIN_MAY_INCLUDE else f"main may include {', '.join(sorted(MAIN_MAY_INCLUDE))} only"
    here_top, there_top = here.split("/")[0], there.split("/")[0]
    if there_top not in RANK:
        return "no such folder in the dependency rule"
    if here == "worker/child" or here == there:
        return "worker/child and worker/pool never include each other" if there == "worker/pool" != here else None
    if here_top == there_top == "worker":
        if there == "worker":
            return None
        return "worker/child and worker/pool never include each other, and what they share includes neither"
    if there_top in JOINED_IN_CHILD and RANK[here_top] > RANK[there_top] and here_top != "storage":
        return "above storage only worker/child includes encode, engine, source and analyse"
    if there == "worker/child" and here_top != "server":
        return "only server and main include worker/child"
    if RANK[there_top] == RANK[here_top]:
        return f"{here_top} and {there_top} never include each other"
    if RANK[there_top] > RANK[here_top]:
        return f"{there_top} comes after {here_top}"
    return None


def wrong_home(path: str, header: str) -> str | None:
    """Why the file must not include this header of another party, or None."""
    is_test = path.endswith("_test.cpp")
    if TEST_ONLY.match(header):
        return None if is_test or "test" in path.rsplit("/", 1)[-1] else "only tests include it"
    for pattern, homes in HOMES:
        if re.match(pattern, header):
            # A test may make its input with the libraries of its own folder.
            if any(within(path, home) or is_test and home.split("/")[0] == path.split("/")[0] for home in homes):
                return None
            return "its home is " + ", ".join(homes)
    return None if SYSTEM.match(header) else "it has no home: give it one in tests/layers.py"


def without_comments(text: str) -> str:
    blank = lambda match: re.sub(r"[^\n]", " ", match.group())
    return re.sub(r"/\*.*?\*/|//[^\n]*", blank, text, flags=re.DOTALL)


def includes_of(file: pathlib.Path) -> Iterator[tuple[int, str, bool]]:
    """(line, header, whether it was written in quotes) of every #include."""
    text = without_comments(file.read_text(encoding="utf-8"))
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(2), match.group(1) == '"'


def path_to(start: str, graph: dict[str, list[str]], forbidden: Callable[[str], bool]) -> list[str] | None:
    """The shortest chain of includes from a file to a forbidden header, or None."""
    seen, chains = {start}, [[start]]
    for chain in chains:
        for header in graph.get(chain[-1], []):
            if forbidden(header):
                return [*chain, header]
            if header not in seen:
                seen.add(header)
                chains.append([*chain, header])
    return None


def is_kept_from_front(header: str) -> bool:
    return bool({folder_of(header), header.split("/")[0]} & KEPT_FROM_FRONT)


def check(root: pathlib.Path) -> list[str]:
    """Every violation below a source folder, as "file:line: what: why"."""
    files = {str(file.relative_to(root)): file for file in sorted(root.rglob("*")) if file.suffix in EXTENSIONS}
    problems, graph = [], {}
    for path, file in files.items():
        if folder_of(path) != "main" and path.split("/")[0] not in RANK:
            problems.append(f"{path}:1: this folder has no place in the dependency rule")
            continue
        graph[path] = []
        for line, header, quoted in includes_of(file):
            why = None
            if header in files:
                graph[path].append(header)
                why = wrong_direction(path, header) if quoted else "headers of ours go in quotes"
            elif quoted:
                why = "no such file below src/ (headers of ours are named from there, those of others go in <>)"
            else:
                why = wrong_home(path, header)
            if why:
                problems.append(f"{path}:{line}: {header}: {why}")
    for path in graph:
        if folder_of(path) in FRONT:
            chain = path_to(path, graph, is_kept_from_front)
            if chain and len(chain) > 2:
                problems.append(f"{path}:1: reaches {chain[-1]} through {' -> '.join(chain[1:-1])}")
    return problems


class SelfTest(unittest.TestCase):
    """Plants violations in a small tree of its own and expects each to be found, and nothing else."""

    CLEAN = {
        "base/error.hpp": "#pragma once\n#include <fmt/format.h>\n#include <expected>\n",
        "base/json.cpp": '#include "base/error.hpp"\n#include <simdjson.h>\n',
        "stream/batch_stream.hpp": '#include <arrow/record_batch.h>\n#include "base/error.hpp"\n',
        "encode/encoder.hpp": '#include "stream/batch_stream.hpp"\n',
        "encode/encoder_test.cpp": '#include <gtest/gtest.h>\n#include "encode/encoder.hpp"\n',
        "engine/duckdb/engine.cpp": '#include <duckdb.h>\n#include "stream/batch_stream.hpp"\n',
        "storage/catalog.hpp": '#include <sys/stat.h>\n#include "stream/batch_stream.hpp"\n',
        "task/task.hpp": '#include "storage/catalog.hpp"\n',
        "worker/frames.hpp": '#include "task/task.hpp"\n',
        "worker/child/loop.hpp": '#include "encode/encoder.hpp"\n#include "worker/frames.hpp"\n',
        "worker/child/sandbox.cpp": "#include <seccomp.h>\n#include <linux/landlock.h>\n",
        "worker/pool/pool.hpp": '#include <boost/asio.hpp>\n#include "worker/frames.hpp"\n',
        "service/rows.hpp": '#include "worker/pool/pool.hpp"\n',
        "transport/http/route.cpp": '#include <boost/beast/http.hpp>\n#include "service/rows.hpp"\n',
        "server/config.cpp": '#include <CLI/CLI.hpp>\n#include "transport/http/route.hpp"\n',
        "transport/http/route.hpp": "",
        "server/serve.hpp": "",
        "main.cpp": '#include "server/serve.hpp"\n#include "worker/child/loop.hpp"\n',
    }

    def problems(self, **planted: str) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path, text in {**self.CLEAN, **planted}.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
            return check(root)

    def test_a_clean_tree_passes(self) -> None:
        self.assertEqual(self.problems(), [])

    def test_every_planted_include_is_found(self) -> None:
        planted = [
            ("base/text.cpp", '"stream/batch_stream.hpp"', "stream comes after base"),
            ("stream/pump.cpp", '"encode/encoder.hpp"', "encode comes after stream"),
            ("engine/duckdb/query.cpp", '"encode/encoder.hpp"', "never include each other"),
            ("source/json.cpp", '"encode/encoder.hpp"', "never include each other"),
            ("storage/catalog.cpp", '"task/task.hpp"', "task comes after storage"),
            ("task/plan.cpp", '"encode/encoder.hpp"', "only worker/child"),
            ("service/query.cpp", '"encode/encoder.hpp"', "only worker/child"),
            ("server/wire.cpp", '"encode/encoder.hpp"', "only worker/child"),
            ("service/query.cpp", '"worker/child/loop.hpp"', "only server and main"),
            ("service/query.cpp", '"transport/http/route.hpp"', "transport comes after service"),
            ("worker/pool/spawn.cpp", '"worker/child/loop.hpp"', "never include each other"),
            ("worker/child/task.cpp", '"worker/pool/pool.hpp"', "never include each other"),
            ("worker/shared.cpp", '"worker/child/loop.hpp"', "includes neither"),
            ("main.cpp", '"transport/http/route.hpp"', "main may include"),
            ("base/text.cpp", '"error.hpp"', "no such file"),
            ("base/text.cpp", '"base/eror.hpp"', "no such file"),
            ("base/text.cpp", '"duckdb.h"', "no such file"),
            ("base/text.cpp", "<base/error.hpp>", "go in quotes"),
            ("base/text.cpp", "<spdlog/spdlog.h>", "its home is base/log"),
            ("base/text.cpp", "<zstd.h>", "its home is base/compress, base/decompress"),
            ("task/task.cpp", "<simdjson.h>", "its home is base/json, source/records"),
            ("service/key.cpp", "<openssl/evp.h>", "its home is base/hash, transport"),
            ("base/text.cpp", "<arrow/type.h>", "its home is stream"),
            ("service/rows.cpp", "<arrow/record_batch.h>", "its home is stream"),
            ("storage/catalog.cpp", "<parquet/file_reader.h>", "its home is encode/parquet, storage/parquet"),
            ("encode/csv/csv.cpp", "<duckdb.h>", "its home is engine/duckdb"),
            ("worker/pool/spawn.cpp", "<seccomp.h>", "its home is worker/child"),
            ("worker/pool/spawn.cpp", "<boost/beast/core.hpp>", "its home is transport"),
            ("worker/child/loop.cpp", "<boost/asio.hpp>", "its home is worker/pool"),
            ("service/config.cpp", "<toml++/toml.h>", "its home is server"),
            ("base/text.cpp", "<rapidjson/document.h>", "no home"),
            ("base/text.cpp", "<gtest/gtest.h>", "only tests"),
            ("helpers/text.cpp", "<string>", "no place in the dependency rule"),
        ]
        for path, header, why in planted:
            with self.subTest(path=path, header=header):
                found = self.problems(**{path: f"#include {header}\n"})
                self.assertEqual(len(found), 1, found)
                self.assertIn(path, found[0])
                self.assertIn(why, found[0])

    def test_a_front_that_reaches_an_encoder_through_others_is_found(self) -> None:
        found = self.problems(**{"task/task.hpp": '#include "encode/encoder.hpp"\n'})
        through = [problem for problem in found if "reaches encode/encoder.hpp through" in problem]
        self.assertEqual(
            [problem.split(":")[0] for problem in through],
            ["service/rows.hpp", "transport/http/route.cpp", "worker/pool/pool.hpp"],
        )

    def test_includes_in_comments_do_not_count_and_odd_spelling_does(self) -> None:
        commented = '// #include "task/task.hpp"\n/*\n#include <zlib.h>\n*/\n'
        self.assertEqual(self.problems(**{"base/text.cpp": commented}), [])
        self.assertEqual(len(self.problems(**{"base/text.cpp": '  #  include "task/task.hpp"\n'})), 1)

    def test_a_test_may_use_the_libraries_of_its_own_folder(self) -> None:
        self.assertEqual(self.problems(**{"storage/dataset_test.cpp": "#include <parquet/arrow/writer.h>\n"}), [])
        self.assertEqual(len(self.problems(**{"task/task_test.cpp": "#include <parquet/arrow/writer.h>\n"})), 1)


def main() -> int:
    outcome = unittest.TextTestRunner(verbosity=0).run(unittest.defaultTestLoader.loadTestsFromTestCase(SelfTest))
    source = pathlib.Path(__file__).resolve().parent.parent / "src"
    problems = check(source)
    for problem in problems:
        print(f"src/{problem}")
    print(f"layers: {len(problems)} wrong includes")
    return 1 if problems or not outcome.wasSuccessful() else 0


if __name__ == "__main__":
    sys.exit(main())
