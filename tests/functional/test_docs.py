"""The documents against the program: links, commands, settings, routes, metrics. The examples: test_documents.py."""

import json
import pathlib
import re
import subprocess

import pytest
from serving import BINARY, FLIGHTS, ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
ROUTES = json.loads((ROOT / "protocol/openapi.json").read_text())["paths"]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)


def ids(paths):
    return [str(path.relative_to(ROOT)) for path in paths]


def prose(path):
    return BLOCK.sub("", path.read_text())


def blocks(path, *languages):
    return [text for language, text in BLOCK.findall(path.read_text()) if language in languages]


def anchors(path):
    """Anchors of the headings, as they are made on the web: lower case, words by dashes."""
    headings = re.findall(r"^#+ (.*)$", BLOCK.sub("", path.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def run(*command, **options):
    return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60, **options)


@pytest.fixture(scope="module")
def server(serve_module, tmp_path_factory):
    return serve_module(f"flights={FLIGHTS}")


@pytest.mark.parametrize("path", DOCUMENTS, ids=ids(DOCUMENTS))
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        wanted = (path.parent / name).resolve() if name else path
        assert wanted.exists(), f"{target} leads nowhere"
        assert not anchor or anchor in anchors(wanted), f"{target}: there is no such heading"


def test_every_document_is_reached():
    """From the README, by links."""
    seen, todo = set(), [ROOT / "README.md"]
    while todo:
        path = todo.pop()
        if path in seen or path.suffix != ".md" or not path.exists():
            continue
        seen.add(path)
        for target in re.findall(r"\]\(([^)\s#]+)", prose(path)):
            if not target.startswith("http"):
                wanted = (path.parent / target).resolve()
                todo += sorted(wanted.glob("*.md")) if wanted.is_dir() else [wanted]
    assert set(DOCUMENTS) - seen - {ROOT / "CHANGELOG.md"} == set()


def test_make_targets_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for path in DOCUMENTS:
        # The glossary lists words that are not used, "make up" among them.
        text = re.sub(r"^## Words\n.*?(?=^## )", "", path.read_text(), flags=re.M | re.S)
        for name in re.findall(r"(?:^|`)make ([a-z-]+)", text, re.M):
            assert name in targets, f"{path.name}: make {name}"


def commands():
    """Every `canvasback COMMAND …` of the documents, in code."""
    for path in DOCUMENTS:
        text = path.read_text()
        for line in [*"\n".join(blocks(path, "sh", "")).splitlines(), *re.findall(r"`([^`\n]+)`", text)]:
            if found := re.match(r"(?:\S*/bin/)?canvasback ([a-z]+)(.*)", line.strip()):
                yield pytest.param(found.group(1), found.group(2), id=f"{path.name}: {line.strip()[:60]}")


@pytest.mark.parametrize(("command", "rest"), list(commands()))
def test_commands_and_flags_exist(command, rest):
    shown = run(BINARY, command, "--help")
    assert shown.returncode == 0, command
    for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]+", rest):
        assert re.search(re.escape(flag) + r"\b", shown.stdout), f"{command} has no {flag}"


def test_settings_are_those_of_the_program(tmp_path):
    program = json.loads(run(BINARY, "config", "--format", "json", cwd=tmp_path).stdout)
    written = {}
    for line in (ROOT / "docs/configuration.md").read_text().splitlines():
        if found := re.match(r"\| ((?:`\w+`(?:, )?)+) \| ([^|]*)\|", line):
            names = re.findall(r"`(\w+)`", found.group(1))
            defaults = re.findall(r"`([^`]+)`", found.group(2)) or [""] * len(names)
            written |= dict(zip(names, defaults, strict=True))
    assert written == {name: entry["value"] for name, entry in program.items()}


@pytest.mark.parametrize("source", ["docs/configuration.md", "packaging/canvasback.toml"])
def test_settings_files_load(tmp_path, source):
    path = ROOT / source
    text = path.read_text() if path.suffix == ".toml" else "\n".join(blocks(path, "toml"))
    # What is commented out in the default file is an example as well.
    for number, variant in enumerate([text, re.sub(r"^# (?=\w+ = |\[\[)", "", text, flags=re.M)]):
        (tmp_path / f"{number}.toml").write_text(variant)
        done = run(BINARY, "config", "--config", tmp_path / f"{number}.toml", cwd=tmp_path)
        assert done.returncode == 0, done.stderr


def test_routes_are_those_of_the_program():
    text = (ROOT / "docs/api.md").read_text()
    for path in ROUTES:
        last = path.rsplit("/", 1)[-1]
        assert path in text or f"/{last}" in text, f"{path} is not in docs/api.md"
    for method, path in re.findall(r"`(GET|POST|DELETE|PUT) (/[\w/{}.-]*)", text):
        assert method.lower() in ROUTES.get(path, {}), f"docs/api.md: {method} {path}"


def seed_routes():
    """(method, path, there) of the table of routes in from-the-seeds.md."""
    for line in (ROOT / "docs/from-the-seeds.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) < 6 or cells[4] not in ("there", "not yet"):
            continue
        for path in re.findall(r"`(?:GET|POST) (/[\w/{}-]+)", cells[2]):
            yield pytest.param(path, cells[4] == "there", id=path)


@pytest.mark.parametrize(("path", "there"), list(seed_routes()))
def test_what_is_said_of_the_seeds_routes(server, path, there):
    answer = server.get(re.sub(r"\{\w+\}", "x", path), **({"limit": "1"} if path.startswith("/data/") else {}))
    # A route that is there may have no such record or collection.
    missing = answer.status == 404 and answer.code == "NotFound"
    assert missing != there, f"{path}: {answer.status}"


def test_metrics_are_those_of_the_program(server):
    server.page("flights", limit=1)
    served = set(re.findall(r"^# TYPE (\w+)", server.get("/metrics").body.decode(), re.M))
    written = set(re.findall(r"`(canvasback_\w+)", (ROOT / "docs/operations.md").read_text()))
    assert written == served


def test_the_man_page_has_every_command_and_flag():
    page = (ROOT / "packaging/canvasback.1").read_text().replace("\\-", "-")
    shown = run(BINARY, "--help").stdout
    commands = re.findall(r"^  ([a-z]+) {2,}\S", shown, re.M)
    assert len(commands) > 10
    for command in commands:
        assert re.search(rf"^\.B {command}$", page, re.M), f"{command} is not in canvasback(1)"
        # Settings are put in when the package is made.
        own = run(BINARY, command, "--help").stdout.split("Settings (")[0]
        for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]+", own):
            assert flag == "--help" or re.search(re.escape(flag) + r"\b", page), f"{command} {flag}"


def test_the_figures_of_the_limits_are_those_of_the_source():
    """The table of bounds in operations.md."""
    source = pathlib.Path(ROOT / "src/base/limits.hpp").read_text()
    text = (ROOT / "docs/operations.md").read_text()
    for name, expression, shown in [
        ("kTargetBytesMax", "8 * kKiB", "8 KiB"), ("kHeaderBytesMax", "16 * kKiB", "16 KiB"),
        ("kBodyBytesMax", "8 * kMiB", "8 MiB"), ("kSqlBytesMax", "1 * kMiB", "1 MiB"),
        ("kConnectionsMax", "1024", "1024"), ("kQueueMax", "256", "256"), ("kPageRowsMax", "20'000", "20,000"),
    ]:  # fmt: skip
        assert re.search(rf"{name} = {re.escape(expression)};", source), name
        assert re.search(rf"\| [^|]*{re.escape(shown)}[^|]* \|", text), shown
