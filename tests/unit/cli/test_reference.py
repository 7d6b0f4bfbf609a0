"""docs/cli.md is what the commands say."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from streams import errors
from streams.cli import COMMANDS, Command
from streams.cli.reference import EXIT_CODES

PAGE = Path(__file__).parents[3] / "docs" / "cli.md"


def test_the_page_is_current() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KOUBEI_")}
    made = subprocess.run(
        [sys.executable, "-m", "streams.cli.reference"],
        capture_output=True, text=True, check=True, timeout=60, env={**environment, "KOUBEI_LANGUAGE": "en"},
    )  # fmt: skip
    assert made.stdout == PAGE.read_text("utf-8"), (
        "run KOUBEI_LANGUAGE=en python -m streams.cli.reference > docs/cli.md"
    )


@pytest.mark.parametrize("command", COMMANDS, ids=[command.name for command in COMMANDS])
def test_every_command_exists(command: Command) -> None:
    module, _, attribute = command.target.partition(":")
    assert hasattr(importlib.import_module(module), attribute)
    assert command.example.startswith(f"koubei {command.name}")
    assert not command.zh.endswith(("。", "."))
    assert not command.en.endswith(".")


def test_every_exit_code_is_explained() -> None:
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.KoubeiError)
    ]
    assert {kind.exit_code for kind in kinds} <= {code for code, _ in EXIT_CODES}
    page = PAGE.read_text("utf-8")
    for code, meaning in EXIT_CODES:
        assert f"| {code} | {meaning} |" in page
