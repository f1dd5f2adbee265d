"""The dependency rule as a test: fails on an #include that points the wrong way, on a header of another party outside
its home folder, on headers that include each other in a circle, and on a front (net, worker/pool, service, transport)
that reaches an engine, an encoder, a source, SQL or a worker's inside through other headers. Run without arguments it
first proves on planted violations that it can fail, then checks src/.
"""

import pathlib
import re
import sys
import unittest
from collections.abc import Callable, Iterator

# Includes point from a later row to an earlier one. Folders of one row never include each other.
ORDER = [
    ["base"],
    ["net", "stream"],
    ["record"],
    ["encode", "engine", "source", "analyse"],
    ["storage"],
    ["query"],
    ["sql", "task"],
    ["worker"],
    ["service"],
    ["transport"],
    ["server"],
]
# The same inside a folder, whose files all lie in one of these. "*" is any one folder: none of them includes another.
INNER_ORDER = {
    "worker": [["pool", "child"], ["write"], ["roles/*"], ["run"]],
    "service": [
        ["access"],
        ["schedule"],
        ["dataset"],
        ["query"],
        ["view", "job"],
        ["collection", "pull", "dashboard"],
        ["publish", "alert"],
    ],
    "transport": [["http/connection"], ["http/routes"], ["http/compat", "http/web", "websocket", "flight"]],
}
RANK = {folder: rank for rank, row in enumerate(ORDER) for folder in row}
# What parses data or makes SQL of requests: above storage only workers have it.
JOINED_IN_WORKER = {"encode", "engine", "source", "analyse", "sql"}
WORKER_INSIDE = {"worker/child", "worker/write", "worker/roles", "worker/run"}
JOINING = {"worker/write", "worker/roles", "worker/run"}
MAIN_MAY_INCLUDE = {"base", "server", "worker/run"}
# These run in the trusted process: they must not see what parses data, not even through other headers.
FRONT = {"net", "worker/pool", "service", "transport"}
KEPT_FROM_FRONT = JOINED_IN_WORKER | WORKER_INSIDE

# Home folders of other parties' headers: (pattern of the header, where it may be included). The first match counts.
# A home is a folder, a file without its extension ("base/json"), or ANYWHERE.
ANYWHERE = ""
WITH_ARROW = ["stream", "record", "encode", "engine", "source", "analyse", "storage", *sorted(WORKER_INSIDE),
              "transport/flight"]
HOMES = [
    (r"fmt/", [ANYWHERE]),
    (r"spdlog/", ["base/log"]),
    (r"simdjson\.h", ["base/json", "source/records"]),
    (r"openssl/", ["base/hash", "net", "transport"]),
    (r"libdeflate\.h", ["encode/xlsx"]),
    (r"(zstd|zlib|zconf|lz4|lz4frame|lz4hc)\.h", ["base/compress", "base/decompress"]),
    (r"arrow/flight/", ["transport/flight"]),
    (r"arrow/", WITH_ARROW),
    (r"parquet/", ["encode/parquet", "storage/parquet"]),
    (r"yaml\.h", ["service/dashboard/yaml_text"]),
    (r"isa-l/crc\.h", ["base/checksum"]),
    (r"isa-l(\.h|/)|png\.h", ["encode"]),
    (r"duckdb\.h", ["engine/duckdb"]),
    (r"grpc(pp)?/", ["engine/spark_connect"]),
    (r"mysql/|mariadb/|(mysql|errmsg)\.h", ["source/mysql"]),
    (r"seccomp\.h|linux/(landlock|seccomp|filter|audit)\.h", ["worker/child"]),
    (r"protozero/", ["transport/flight"]),
    (r"boost/beast", ["net", "transport"]),
    (r"boost/regex\.hpp", ["record/value_pattern"]),
    (r"boost/", ["net", "worker/pool", "service", "transport", "server"]),
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
    """The folder of the rule that a file belongs to: its first one, or of INNER_ORDER that and what is named there."""
    top, _, rest = path.partition("/")
    if not rest:
        return "main"
    for row in INNER_ORDER.get(top, []):
        for inner in row:
            if match := re.match(re.escape(inner).replace(r"\*", "[^/]+") + "(?=/)", rest):
                return f"{top}/{match.group()}"
    return top


def inner_rank(folder: str) -> int:
    """The row of INNER_ORDER that such a folder is in."""
    top, _, rest = folder.partition("/")
    rows = INNER_ORDER[top]
    return next(rank for rank, row in enumerate(rows) if rest in row or f"{rest.split('/')[0]}/*" in row)


def below(folder: str, folders: set[str]) -> bool:
    """Whether a folder is one of these or lies in one."""
    return any(folder == one or folder.startswith(one + "/") for one in folders)


def within(path: str, home: str) -> bool:
    return home == ANYWHERE or path.startswith(home + "/") or re.fullmatch(re.escape(home) + r"(_test)?\.\w+", path)


def wrong_direction(path: str, target: str) -> str | None:
    """Why the file must not include this project header, or None."""
    here, there = folder_of(path), folder_of(target)
    if here == "main":
        return None if there in MAIN_MAY_INCLUDE else f"main may include {', '.join(sorted(MAIN_MAY_INCLUDE))} only"
    here_top, there_top = here.split("/")[0], there.split("/")[0]
    if there_top not in RANK or there == there_top and there_top in INNER_ORDER:
        return "no such folder in the dependency rule"
    if here == there:
        return None
    if here_top == there_top:
        if inner_rank(there) == inner_rank(here):
            return f"{here} and {there} never include each other"
        return f"{there} comes after {here}" if inner_rank(there) > inner_rank(here) else None
    if RANK[there_top] == RANK[here_top]:
        return f"{here_top} and {there_top} never include each other"
    if RANK[there_top] > RANK[here_top]:
        return f"{there_top} comes after {here_top}"
    if there_top in JOINED_IN_WORKER and RANK[here_top] > RANK["storage"] and not below(here, JOINING):
        return f"above storage only {', '.join(sorted(JOINING))} include {', '.join(sorted(JOINED_IN_WORKER))}"
    if below(there, WORKER_INSIDE):
        return "nothing outside of worker but main includes a worker's inside"
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


def includes_of(text: str) -> Iterator[tuple[int, str, bool]]:
    """(line, header, whether it was written in quotes) of every #include."""
    text = without_comments(text)
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


def circles(graph: dict[str, list[str]]) -> Iterator[list[str]]:
    """Headers that include each other, each such chain once, from a header to itself."""
    done: set[str] = set()
    for start in graph:
        if start in done:
            continue
        chain, rest = [start], [iter(graph[start])]
        while rest:
            header = next(rest[-1], None)
            if header is None:
                rest.pop()
                done.add(chain.pop())
            elif header in chain:
                yield [*chain[chain.index(header):], header]
            elif header not in done:
                chain.append(header)
                rest.append(iter(graph.get(header, [])))


def is_kept_from_front(header: str) -> bool:
    return below(folder_of(header), KEPT_FROM_FRONT)


def sources_below(root: pathlib.Path) -> dict[str, str]:
    """The texts of a source folder's files by their paths below it."""
    files = sorted(file for file in root.rglob("*") if file.suffix in EXTENSIONS)
    return {str(file.relative_to(root)): file.read_text(encoding="utf-8") for file in files}


def check(files: dict[str, str]) -> list[str]:
    """Every violation in the files of a source folder, as "file:line: what: why"."""
    problems, graph = [], {}
    for path, text in files.items():
        folder = folder_of(path)
        if folder != "main" and (folder.split("/")[0] not in RANK or folder in INNER_ORDER):
            problems.append(f"{path}:1: this folder has no place in the dependency rule")
            continue
        graph[path] = []
        for line, header, quoted in includes_of(text):
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
    for circle in circles(graph):
        problems.append(f"{circle[0]}:1: includes itself: {' -> '.join(circle)}")
    for path in graph:
        if below(folder_of(path), FRONT):
            chain = path_to(path, graph, is_kept_from_front)
            if chain and len(chain) > 2:
                problems.append(f"{path}:1: reaches {chain[-1]} through {' -> '.join(chain[1:-1])}")
    return problems


class SelfTest(unittest.TestCase):
    """Plants violations in a small tree of its own and expects each to be found, and nothing else."""

    CLEAN = {
        "base/error.hpp": "#pragma once\n#include <fmt/format.h>\n#include <expected>\n",
        "base/json.cpp": '#include "base/error.hpp"\n#include <simdjson.h>\n',
        "net/client.hpp": '#include <boost/beast/http.hpp>\n#include "base/error.hpp"\n',
        "stream/batch_stream.hpp": '#include <arrow/record_batch.h>\n#include "base/error.hpp"\n',
        "record/kinds.hpp": '#include "stream/batch_stream.hpp"\n',
        "encode/encoder.hpp": '#include "record/kinds.hpp"\n',
        "encode/encoder_test.cpp": '#include <gtest/gtest.h>\n#include "encode/encoder.hpp"\n',
        "engine/duckdb/engine.cpp": '#include <duckdb.h>\n#include "stream/batch_stream.hpp"\n',
        "storage/catalog.hpp": '#include <sys/stat.h>\n#include "record/kinds.hpp"\n',
        "storage/column.cpp": '#include "encode/encoder.hpp"\n',
        "query/selection.hpp": '#include "storage/catalog.hpp"\n',
        "sql/rows.hpp": '#include "query/selection.hpp"\n',
        "task/task.hpp": '#include "query/selection.hpp"\n',
        "worker/child/channel.hpp": '#include "task/task.hpp"\n',
        "worker/child/sandbox.cpp": "#include <seccomp.h>\n#include <linux/landlock.h>\n",
        "worker/write/part.hpp": '#include "worker/child/channel.hpp"\n#include "encode/encoder.hpp"\n',
        "worker/roles/query/rows.hpp": '#include "sql/rows.hpp"\n#include "worker/write/part.hpp"\n',
        "worker/roles/ingest/ingest.hpp": '#include "encode/encoder.hpp"\n#include "worker/write/part.hpp"\n',
        "worker/run/child_main.hpp":
            '#include "worker/roles/query/rows.hpp"\n#include "worker/roles/ingest/ingest.hpp"\n',
        "worker/pool/pool.hpp": '#include <boost/asio.hpp>\n#include "task/task.hpp"\n',
        "service/schedule/clock.hpp": "#include <boost/asio.hpp>\n",
        "service/dataset/datasets.hpp": '#include "service/schedule/clock.hpp"\n#include "worker/pool/pool.hpp"\n',
        "service/job/jobs.hpp": '#include "service/dataset/datasets.hpp"\n',
        "service/view/views.hpp": '#include "service/dataset/datasets.hpp"\n',
        "service/collection/collections.hpp": '#include "service/job/jobs.hpp"\n',
        "transport/http/connection/router.hpp": '#include <boost/beast/http.hpp>\n',
        "transport/http/routes/rows.hpp":
            '#include "service/view/views.hpp"\n#include "transport/http/connection/router.hpp"\n',
        "transport/http/compat/seed.cpp": '#include "transport/http/routes/rows.hpp"\n',
        "transport/websocket/session.hpp": '#include "transport/http/routes/rows.hpp"\n',
        "server/config.cpp": '#include <CLI/CLI.hpp>\n#include "transport/http/routes/rows.hpp"\n',
        "server/serve.hpp": "",
        "main.cpp": '#include "server/serve.hpp"\n#include "worker/run/child_main.hpp"\n',
    }

    def problems(self, **planted: str) -> list[str]:
        return check({**self.CLEAN, **planted})

    def test_a_clean_tree_passes(self) -> None:
        self.assertEqual(self.problems(), [])

    def test_every_planted_include_is_found(self) -> None:
        planted = [
            ("base/text.cpp", '"stream/batch_stream.hpp"', "stream comes after base"),
            ("net/other.cpp", '"stream/batch_stream.hpp"', "net and stream never include each other"),
            ("stream/pump.cpp", '"record/kinds.hpp"', "record comes after stream"),
            ("record/schema.cpp", '"encode/encoder.hpp"', "encode comes after record"),
            ("engine/duckdb/query.cpp", '"encode/encoder.hpp"', "never include each other"),
            ("source/json.cpp", '"encode/encoder.hpp"', "never include each other"),
            ("storage/catalog.cpp", '"query/selection.hpp"', "query comes after storage"),
            ("query/tile.cpp", '"sql/rows.hpp"', "sql comes after query"),
            ("query/tile.cpp", '"encode/encoder.hpp"', "above storage only worker/roles"),
            ("task/plan.cpp", '"sql/rows.hpp"', "task and sql never include each other"),
            ("sql/plan.cpp", '"task/task.hpp"', "sql and task never include each other"),
            ("task/plan.cpp", '"encode/encoder.hpp"', "above storage only worker/roles"),
            ("worker/child/loop.cpp", '"encode/encoder.hpp"', "above storage only worker/roles"),
            ("worker/pool/spawn.cpp", '"encode/encoder.hpp"', "above storage only worker/roles"),
            ("service/query/rows.cpp", '"encode/encoder.hpp"', "above storage only worker/roles"),
            ("service/query/rows.cpp", '"sql/rows.hpp"', "above storage only worker/roles"),
            ("server/wire.cpp", '"encode/encoder.hpp"', "above storage only worker/roles"),
            ("worker/pool/spawn.cpp", '"worker/child/channel.hpp"', "never include each other"),
            ("worker/child/loop.cpp", '"worker/pool/pool.hpp"', "never include each other"),
            ("worker/child/loop.cpp", '"worker/write/part.hpp"', "worker/write comes after worker/child"),
            ("worker/write/part.cpp", '"worker/roles/query/rows.hpp"', "worker/roles/query comes after worker/write"),
            ("worker/roles/query/sort.cpp", '"worker/roles/ingest/ingest.hpp"', "never include each other"),
            ("worker/roles/query/sort.cpp", '"worker/run/child_main.hpp"', "worker/run comes after"),
            ("service/job/run.cpp", '"worker/child/channel.hpp"', "nothing outside of worker"),
            ("server/wire.cpp", '"worker/run/child_main.hpp"', "nothing outside of worker"),
            ("service/query/rows.cpp", '"transport/http/routes/rows.hpp"', "transport comes after service"),
            ("service/schedule/tick.cpp", '"service/dataset/datasets.hpp"', "service/dataset comes after"),
            ("service/job/run.cpp", '"service/view/views.hpp"', "never include each other"),
            ("service/job/run.cpp", '"service/collection/collections.hpp"', "service/collection comes after"),
            ("service/collection/run.cpp", '"service/pull/run.hpp"', "no such file"),
            ("transport/http/connection/listen.cpp", '"transport/http/routes/rows.hpp"', "comes after"),
            ("transport/http/web/pages.cpp", '"transport/websocket/session.hpp"', "never include each other"),
            ("main.cpp", '"transport/http/routes/rows.hpp"', "main may include"),
            ("main.cpp", '"worker/roles/query/rows.hpp"', "main may include"),
            ("base/text.cpp", '"error.hpp"', "no such file"),
            ("base/text.cpp", '"base/eror.hpp"', "no such file"),
            ("base/text.cpp", '"duckdb.h"', "no such file"),
            ("base/text.cpp", "<base/error.hpp>", "go in quotes"),
            ("base/text.cpp", "<spdlog/spdlog.h>", "its home is base/log"),
            ("base/text.cpp", "<zstd.h>", "its home is base/compress, base/decompress"),
            ("task/task.cpp", "<simdjson.h>", "its home is base/json, source/records"),
            ("service/job/key.cpp", "<openssl/evp.h>", "its home is base/hash, net, transport"),
            ("base/text.cpp", "<arrow/type.h>", "its home is stream"),
            ("query/rows.cpp", "<arrow/type.h>", "its home is stream"),
            ("worker/pool/rows.cpp", "<arrow/type.h>", "its home is stream"),
            ("service/query/rows.cpp", "<arrow/record_batch.h>", "its home is stream"),
            ("storage/catalog.cpp", "<parquet/file_reader.h>", "its home is encode/parquet, storage/parquet"),
            ("encode/csv/csv.cpp", "<duckdb.h>", "its home is engine/duckdb"),
            ("worker/pool/spawn.cpp", "<seccomp.h>", "its home is worker/child"),
            ("worker/pool/spawn.cpp", "<boost/beast/core.hpp>", "its home is net, transport"),
            ("worker/child/loop.cpp", "<boost/asio.hpp>", "its home is net, worker/pool"),
            ("service/job/config.cpp", "<toml++/toml.h>", "its home is server"),
            ("base/text.cpp", "<rapidjson/document.h>", "no home"),
            ("base/text.cpp", "<gtest/gtest.h>", "only tests"),
            ("helpers/text.cpp", "<string>", "no place in the dependency rule"),
            ("service/text.cpp", "<string>", "no place in the dependency rule"),
            ("worker/text.cpp", "<string>", "no place in the dependency rule"),
            ("service/extra/text.cpp", "<string>", "no place in the dependency rule"),
        ]
        for path, header, why in planted:
            with self.subTest(path=path, header=header):
                found = self.problems(**{path: f"#include {header}\n"})
                self.assertEqual(len(found), 1, found)
                self.assertIn(path, found[0])
                self.assertIn(why, found[0])

    def through(self, forbidden: str, **planted: str) -> list[str]:
        problems = self.problems(**planted)
        return sorted(problem.split(":")[0] for problem in problems if f"reaches {forbidden} through" in problem)

    def test_a_front_that_reaches_an_encoder_or_sql_through_others_is_found(self) -> None:
        front = ["service/collection/collections.hpp", "service/dataset/datasets.hpp", "service/job/jobs.hpp",
                 "service/view/views.hpp", "transport/http/compat/seed.cpp", "transport/http/routes/rows.hpp",
                 "transport/websocket/session.hpp", "worker/pool/pool.hpp"]  # fmt: skip
        for header in ["encode/encoder.hpp", "sql/rows.hpp", "worker/child/channel.hpp"]:
            with self.subTest(header=header):
                planted = {"task/other.hpp": f'#include "{header}"\n'}
                planted["task/task.hpp"] = '#include "task/other.hpp"\n'
                self.assertEqual(self.through(header, **planted), front)

    def test_an_engine_that_reaches_the_front_through_storage_is_found(self) -> None:
        planted = {"storage/catalog.hpp": '#include "engine/engine.hpp"\n', "engine/engine.hpp": ""}
        self.assertIn("worker/pool/pool.hpp", self.through("engine/engine.hpp", **planted))

    def test_a_circle_is_found_once(self) -> None:
        planted = {f"record/{a}.hpp": f'#include "record/{b}.hpp"\n' for a, b in ["ab", "bc", "cb", "da"]}
        found = self.problems(**planted)
        self.assertEqual(found, ["record/b.hpp:1: includes itself: record/b.hpp -> record/c.hpp -> record/b.hpp"])

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
    problems = check(sources_below(source))
    for problem in problems:
        print(f"src/{problem}")
    print(f"layers: {len(problems)} wrong includes")
    return 1 if problems or not outcome.wasSuccessful() else 0


if __name__ == "__main__":
    sys.exit(main())
