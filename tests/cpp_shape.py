"""The shape of C++ sources, read as text: where functions begin and end, and which classes have methods where. It knows
the style of this repository (clang-format) and no more: a definition begins at the margin of its scope and its closing
brace stands there again.
"""

import re
from collections.abc import Iterator

TEMPLATE = re.compile(r"template <")
NAMESPACE = re.compile(r"(inline )?namespace\b|extern \"C\"")
TYPE = re.compile(r"(class|struct|union)\b[^(]*$")
OTHER = re.compile(r"enum\b|.*= *\{$|.*[\w\]]\{+$")
METHOD = re.compile(r"(?:[^(]*[ *&>])?(?P<class>[A-Z]\w*)(?:::[A-Z]\w*)*::~?(?:\w+|operator\W+)\(")


def without_comment(line: str) -> str:
    return line.split(" // ")[0].rstrip()


def functions(text: str) -> Iterator[tuple[int, int, str]]:
    """(line, how many lines, signature) of every function; signature and braces are counted."""
    lines = text.splitlines()
    yield from functions_in(lines, 0, len(lines), 0)


def functions_in(lines: list[str], begin: int, end: int, indent: int) -> Iterator[tuple[int, int, str]]:
    """Those whose definitions begin with that indentation."""
    margin = " " * indent
    head = None  # the line that a definition may begin at
    at = begin
    while at < end:
        line = lines[at]
        text = without_comment(line)
        begins = line.startswith(margin) and len(line) > indent and line[indent] not in " }#/:"
        if head is None and begins and not TEMPLATE.match(line[indent:]):
            head = at
        if head is not None and text.endswith("{"):
            signature = " ".join(part.strip() for part in lines[head : at + 1])
            if NAMESPACE.match(signature):  # what is in it stands at the same margin
                at, head = at + 1, None
                continue
            close = next((i for i in range(at + 1, end) if lines[i].startswith(margin + "}")), end - 1)
            if TYPE.match(signature):
                yield from functions_in(lines, at + 1, close, indent + 2)
            elif not OTHER.match(signature):
                yield head + 1, close - head + 1, signature
            at, head = close, None
        elif head is not None and text.endswith(("}", ";")):  # on one line
            if "{" in text and "(" in text and not text.endswith(";"):
                yield head + 1, at - head + 1, " ".join(part.strip() for part in lines[head : at + 1])
            head = None
        elif text.endswith((";", "}", ":")):
            head = None
        at += 1


def class_of(signature: str) -> str | None:
    """The class that a function outside of it is a method of: X of `void X::f(int)` and of `X::X(int)`."""
    match = METHOD.match(signature)
    return match.group("class") if match else None
