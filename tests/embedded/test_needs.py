"""What koubei needs, measured; both READMEs carry these figures and the check before the start knows them.

KOUBEI_TEST_WRITE_NEEDS=1 writes the figures of this run into the READMEs.
"""

import contextlib
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement

from streams.embedded import state
from streams.embedded.plan import MEMORY

ROOT = Path(__file__).parents[2]
PROC = Path("/proc")
AFTER = 20.0
"""Seconds of the demo after which memory is read: the launch is over, the page is full."""
TOLERANCE = 1.5
BEGIN, END = "<!-- needs: begin (written by tests/embedded/test_needs.py) -->", "<!-- needs: end -->"
MB = 1_000_000

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.slow,
    pytest.mark.skipif(not PROC.is_dir(), reason="memory is read from /proc: run this on Linux"),
]


class Needs(NamedTuple):
    """MB by what needs them.

    Attributes:
        memory: PSS of each part of the stack, lanes included: pages that are shared count once.
        packages: files of koubei[embedded] and everything it depends on.
        data: the data folder.
    """

    memory: dict[str, int]
    packages: int
    data: int

    @property
    def total(self) -> int:
        return sum(self.memory.values())


@pytest.fixture(scope="module")
def needs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Needs]:
    data = tmp_path_factory.mktemp("needs") / "data"
    koubei("up", "--demo", "--detach", "--port", "0", "--data", str(data))
    try:
        time.sleep(AFTER)
        yield Needs(_memory(data), _packages(), _size(data) // MB)
    finally:
        koubei("down", "--data", str(data))


def koubei(*arguments: str) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KOUBEI_")}
    done = subprocess.run(
        [sys.executable, "-m", "streams", *arguments],
        check=False, capture_output=True, text=True, timeout=100, env=clean,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def _memory(data: Path) -> dict[str, int]:
    known = state.running(data)
    assert known is not None
    parents = _parents()
    whose = {part.pid: part.name for part in known.parts if part.pid} | {known.pid: "koubei"}
    found = dict.fromkeys(whose.values(), 0)
    for pid in parents:
        owner: int | None = pid
        while owner and owner not in whose:
            owner = parents.get(owner)
        if owner:
            found[whose[owner]] += _pss(pid)
    return {name: size // MB for name, size in found.items()}


def _parents() -> dict[int, int]:
    found = {}
    for folder in PROC.glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found[int(folder.name)] = int(fields[1])
    return found


def _pss(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _packages() -> int:
    """What a user installs; the development tools of this environment are left out."""
    seen: set[str] = set()
    waiting = [Requirement("koubei[embedded]")]
    total = 0
    while waiting:
        wanted = waiting.pop()
        name = re.sub(r"[-_.]+", "-", wanted.name).lower()
        if name in seen:
            continue
        seen.add(name)
        package = importlib.metadata.distribution(name)
        for text in package.requires or ():
            further = Requirement(text)
            extras = [{"extra": extra} for extra in (*wanted.extras, "")]
            if further.marker is None or any(further.marker.evaluate(one) for one in extras):
                waiting.append(further)
        files = [Path(str(file.locate())) for file in package.files or ()]
        total += sum(file.stat().st_size for file in files if file.is_file())
    return total // MB


def _size(folder: Path) -> int:
    total = 0
    for place, _, files in os.walk(folder):  # passes over what a running database takes away meanwhile
        for name in files:
            with contextlib.suppress(FileNotFoundError):
                total += (Path(place) / name).stat().st_size
    return total


def _table(needs: Needs, zh: bool) -> str:
    clickhouse, asked = needs.memory["clickhouse"], sum(MEMORY.values())
    worker = sum(size for name, size in needs.memory.items() if name.startswith("worker"))
    if zh:
        rows = [
            ("演示需要", "实测"),
            (
                "内存",
                f"{needs.total:,} MB（ClickHouse {clickhouse}，处理进程 {worker}；启动前检查空闲 {asked:,}）",
            ),
            ("磁盘，安装", f"{needs.packages:,} MB"),
            (f"磁盘，演示 {AFTER:g} 秒后的数据", f"{needs.data:,} MB"),
        ]
    else:
        rows = [
            ("the demo needs", "measured"),
            (
                "memory",
                f"{needs.total:,} MB (ClickHouse {clickhouse}, worker {worker}; "
                f"the start asks for {asked:,} free)",
            ),
            ("disk, installed", f"{needs.packages:,} MB"),
            (f"disk, data after {AFTER:g} s", f"{needs.data:,} MB"),
        ]
    lines = [f"| {what} | {figure} |" for what, figure in rows]
    return "\n".join([lines[0], "|---|---|", *lines[1:]])


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_says_what_is_needed(needs: Needs, name: str) -> None:
    page = ROOT / name
    text = page.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    said, mark, after = rest.partition(END)
    assert mark, f"{name} has no place for the figures"
    if os.environ.get("KOUBEI_TEST_WRITE_NEEDS"):
        said = f"\n{_table(needs, 'zh' in name)}\n"
        page.write_text(f"{before}{BEGIN}{said}{END}{after}", "utf-8")
    figures = [int(figure.replace(",", "")) for figure in re.findall(r"\| ([\d,]+) MB", said)]
    memory, packages, data = figures
    shown = json.dumps(needs._asdict())
    assert memory / TOLERANCE < needs.total < memory * TOLERANCE, shown
    disk = packages + data
    assert disk / TOLERANCE < needs.packages + needs.data < disk * TOLERANCE, shown


def test_the_check_before_the_start_asks_for_what_is_needed(needs: Needs) -> None:
    """Neither a start that dies later for want of memory nor a refusal on a machine that would do."""
    assert needs.total <= sum(MEMORY.values()) <= needs.total * 2, json.dumps(needs.memory)
