"""The run `tables` of crash.py: pulls from a MySQL of the test's own, stopped at one operation of the disk after the
other, of a first load, and of a cycle with its merge and the removal of merged files. Behind each: a copy that moved on
has the source's rows, one that did not is as it was; the next pull, by the cursor alone, makes it equal to the source,
and nothing lies about.
"""

import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "mysql"))
import pull_faults  # noqa: E402
import servers  # noqa: E402

ACTIONS = ("loss", "kill", "EIO", "ENOSPC", "FULL")
OPERATIONS_MOST = 400
ROWS = 400
PARTS_BEFORE_A_MERGE = 15  # of storage/table/pulled/pulled_merge_choice.hpp


def pull_with_fault(binary: str, table: pull_faults.Table, fault: str) -> bool:
    """Whether it came to the fault."""
    command = [binary, "pull", table.accounts.name, "--data", str(table.data), "--json", "--force"]
    environment = os.environ | {"CANVASBACK_FAULT": fault, "CANVASBACK_GRACE_S": "0"}
    source = table.accounts.rows()
    before, cursor = table.copy(), table.state().get("cursor", {})
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    reached = "fault: " in done.stderr
    if not reached and done.returncode != 0:
        raise pull_faults.Wrong(f"the pull failed without a fault: {done.stdout} {done.stderr}")
    result = "loaded" if done.returncode == 0 else "failed"
    table.check_kept({"result": result, "told": done.stdout + done.stderr}, before, cursor, source)
    return reached


def at_each_operation(binary: str, table: pull_faults.Table, base: pathlib.Path | None, short: bool) -> dict[str, int]:
    """From the folder `base`, or from nothing: how many operations each action was tried at."""
    stops: dict[str, int] = {}
    for action in ACTIONS:
        operation = "create" if action == "FULL" else "any"
        for number in range(1, OPERATIONS_MOST, 6 if short else 1):
            shutil.rmtree(table.data / "tables", ignore_errors=True)
            if base:
                shutil.copytree(base, table.data / "tables")
            reached = pull_with_fault(binary, table, f"{operation}:{number}:{action}")
            table.repair()
            if not reached:
                break
            stops[action] = stops.get(action, 0) + 1
        else:
            raise pull_faults.Wrong("a pull has no end")
    return stops


def prepare_merge(table: pull_faults.Table) -> None:
    """The next pull has a part's worth of small parts to merge, and files to remove that an earlier merge replaced."""
    table.repair()
    for _ in range(PARTS_BEFORE_A_MERGE + 1):
        table.accounts.change(4)
        table.repair()
    if not table.state()["gone"]:
        raise pull_faults.Wrong("there was no merge")
    while sum(part["period"] == "recent" for part in table.state()["parts"]) < PARTS_BEFORE_A_MERGE:
        table.accounts.change(4)
        table.repair()
    table.accounts.change(40)


def tables(binary: str, folder: pathlib.Path, short: bool) -> str:
    kind = next((kind for kind in reversed(servers.KINDS) if servers.program(kind)), None)
    if kind is None:
        return "skipped: neither MariaDB nor MySQL 5.7.22 is installed (scripts/setup mysql)"
    told = []
    with servers.start(kind) as server:
        table = pull_faults.Table(pull_faults.Accounts(server, 11, rows=ROWS), None, folder / "data")
        table.accounts.change()
        stops = {"load": at_each_operation(binary, table, None, short)}
        prepare_merge(table)
        base = folder / "base"
        shutil.copytree(table.data / "tables", base)
        stops["cycle"] = at_each_operation(binary, table, base, short)
    for name, counts in stops.items():
        told.append(f"{name}: " + ", ".join(f"{count} {action}" for action, count in counts.items()))
    return "; ".join(told)
