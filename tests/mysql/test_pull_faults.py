"""A few of the faults of pull_faults.py; `python tests/mysql/pull_faults.py` has all of them, and many more moments."""

import pull_faults
import pytest
import servers


@pytest.mark.parametrize(("name", "rounds"), [("cuts", 12), ("kills", 8), ("gives_up", 1), ("crashes", 2), ("disk", 8)])
def test_a_fault_leaves_the_copy_whole(source: servers.Server, name: str, rounds: int) -> None:
    told = pull_faults.run(name, source, rounds, seed=7)
    if told.startswith("skipped"):
        pytest.skip(told)
