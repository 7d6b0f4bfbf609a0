"""docs/cases.md shows commands, steps and clocks as they are."""

import re
import shlex
from pathlib import Path

import pytest

from streams import language
from streams.alerts.case import WITHIN, CaseState, named
from streams.alerts.cases import LEADS_TO
from streams.cli import build

PAGE = (Path(__file__).parents[2] / "docs" / "cases.md").read_text("utf-8")
COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_can_be_typed(command: str) -> None:
    words = shlex.split(command)
    assert words[0] == "koubei"
    build().parse_args(words[1:], exit_on_error=False, print_error=False)


def test_the_steps_are_those_that_are_allowed() -> None:
    told: set[tuple[str, str]] = set()
    for line in re.findall(
        r"^\| ((?:found|listening|interacting|resolved|closed) [^\n]*) \|$", PAGE, re.MULTILINE
    ):
        before, after = (re.sub(r"\(.*?\)", "", cell) for cell in line.split(" | "))
        told |= {
            (one, other) for one in re.findall(r"[a-z]+", before) for other in re.findall(r"[a-z]+", after)
        }
    states = {state for state, _ in LEADS_TO.values()} | {"found"}
    found = {(one, state) for state, allowed in LEADS_TO.values() for one in allowed}
    assert {pair for pair in told if set(pair) <= states} == found


def test_states_have_the_names_that_are_shown() -> None:
    language.use("zh")
    states: tuple[CaseState, ...] = ("found", "listening", "interacting", "resolved", "closed", "reopened")
    assert all(f"{state} {named(state)}" in PAGE for state in states)


def test_the_clocks_are_those_that_run() -> None:
    rows = re.findall(r"^\| (blue|yellow|orange|red) \S+ \| (\d+) h \|$", PAGE, re.MULTILINE)
    assert {level: float(hours) * 3600 for level, hours in rows} == WITHIN
