"""docs/architecture.md names the rooms that exist, in the order that the import rules hold them to."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))


def layers() -> list[str]:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (found,) = (rule["layers"] for rule in rules if rule["type"] == "layers")
    return [str(layer) for layer in found]


def rooms() -> set[str]:
    """Folders and modules of the package."""
    return {
        entry.stem
        for entry in (ROOT / "streams").iterdir()
        if not entry.name.startswith("_") and (entry.suffix == ".py" or (entry / "__init__.py").is_file())
    }


def test_the_order_of_the_rooms_is_the_checked_one() -> None:
    drawn = re.search(r"^```\n(cli\n.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert drawn
    assert drawn[1].splitlines() == layers()


def test_every_room_has_its_place() -> None:
    assert {room for layer in layers() for room in layer.split(" | ")} == rooms()


def test_every_room_is_explained() -> None:
    packages = {room for room in rooms() if (ROOT / "streams" / room).is_dir()}
    explained = set(re.findall(r"`(\w+)/`", "\n".join(re.findall(r"^\| (`\w+/`.*?) \|", PAGE, re.MULTILINE))))
    assert explained == packages


def test_files_that_are_named_exist() -> None:
    for path in re.findall(
        r"`?\b((?:agents|embedded|topics|store|text|config|telemetry)/[\w/]+\.py)\b", PAGE
    ):
        assert (ROOT / "streams" / path).is_file(), path


@pytest.mark.parametrize("adr", ADRS, ids=lambda adr: adr.stem)
def test_a_decision_says_status_context_decision_and_consequences(adr: Path) -> None:
    text = adr.read_text("utf-8")
    assert re.match(rf"# {int(adr.name[:4])}\. \S", text)
    assert re.search(r"^Status: (accepted|superseded by \d+), \d{4}-\d\d$", text, re.MULTILINE)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(adr.name[:4]) for adr in ADRS] == list(range(1, len(ADRS) + 1))
