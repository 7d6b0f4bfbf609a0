"""How the CPU of a worker's processes is told apart."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bench.pipeline import _by_kind, _kind, _look


@pytest.fixture
def child() -> Iterator[int]:
    code = "import os; os.nice(5); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


def test_the_process_of_the_derived_tables_is_not_counted_with_the_lanes(child: int) -> None:
    assert (_kind(os.getpid()), _kind(child)) == ("worker lanes", "worker derived")
    look = _look(1, {"worker": os.getpid()})
    assert str(child) in look.cpu
    told = _by_kind(look, {str(child): _kind(child)})
    assert told.memory["worker derived"] == look.memory[str(child)] > 0
    assert sum(told.memory.values()) == pytest.approx(sum(look.memory.values()))
