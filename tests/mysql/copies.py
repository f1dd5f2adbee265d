"""A pulled table as its files and its state say, read by another program than ours: for tests that compare it with its
source, whatever state a fault left it in.
"""

import json
import pathlib

import pyarrow.parquet

Row = tuple[object, ...]


def state_of(data: pathlib.Path, name: str) -> dict[str, object]:
    """The state file of a table; empty where it was never pulled."""
    path = data / "tables" / name / "table.json"
    return json.loads(path.read_text()) if path.exists() else {}


def dead_rows(part: dict[str, object]) -> set[int]:
    numbers = part.get("dead", [])
    dead: set[int] = set()
    end = 0
    for gap, length in zip(numbers[::2], numbers[1::2]):
        dead.update(range(end + gap, end + gap + length))
        end += gap + length
    return dead


def rows_of_parts(folder: pathlib.Path, parts: list[dict[str, object]], names: list[str]) -> list[Row]:
    rows: list[Row] = []
    for part in parts:
        path = folder / part["period"] / f"part-{part['number']:06}.parquet"
        table = pyarrow.parquet.read_table(path, columns=names, partitioning=None)
        found = list(zip(*[table.column(name).to_pylist() for name in names]))
        assert len(found) == part["rows"], f"{path}: {len(found)} rows"
        dead = dead_rows(part)
        rows += [row for number, row in enumerate(found) if number not in dead]
    return sorted(rows, key=repr)


def copied_rows(data: pathlib.Path, name: str) -> list[Row]:
    """All live rows; none where there is no copy yet."""
    state = state_of(data, name)
    names = [column["name"] for column in state.get("columns", [])]
    return rows_of_parts(data / "tables" / name, state.get("parts", []), names)


def loaded_rows(data: pathlib.Path, name: str) -> tuple[list[Row], list[str]] | None:
    """Of a load that goes on: its rows so far, and the literals of the key that it goes on behind."""
    load = state_of(data, name).get("load")
    if not load:
        return None
    names = [column["name"] for column in load["columns"]]
    return rows_of_parts(data / "tables" / name, load["parts"], names), load["place"]["literals"]


def files_beyond_state(data: pathlib.Path, name: str) -> set[str]:
    """Parts and key maps that are there and that the state does not name, or the other way round."""
    folder = data / "tables" / name
    state = state_of(data, name)
    named: set[str] = set()
    for part in [*state.get("parts", []), *(state.get("load") or {}).get("parts", [])]:
        stem = f"{part['period']}/part-{part['number']:06}"
        named |= {stem + ".parquet", stem + ".keys"}
    for gone in state.get("gone", []):
        named |= {gone["path"], gone["keys"]}
    there = {str(path.relative_to(folder)) for path in folder.glob("*/*part-*")}
    return named ^ there
