"""Which rule files a command is about."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from streams.cli.common import settings
from streams.config import Settings, shipped
from streams.errors import BadConfig
from streams.language import t
from streams.rules import files
from streams.rules.files import Entry

Files = Annotated[
    Path,
    Parameter(name="FILES", help=t("规则文件或词典目录（默认全部）", "Rule files or lexicon folders (all)")),
]


def folders(loaded: Settings | None = None) -> list[Path]:
    """Folders of lexicons, as the workers read them: what is shipped, then one's own."""
    own = (loaded or settings()).text.lexicons
    return [shipped("lexicons"), own] if own else [shipped("lexicons")]


def rule_files(paths: Sequence[Path]) -> Iterator[Path]:
    """The rule files among files and lexicon folders."""
    for path in paths:
        if path.is_dir():
            yield from sorted(path.glob("rules/*.toml"))
        elif not is_profile(path):
            yield path


def is_profile(path: Path) -> bool:
    """Whether a file is a brand profile."""
    return path.parent.name == "brands"


def chosen_rules(paths: Sequence[Path]) -> list[Entry]:
    """The rules of files and folders.

    Raises:
        BadConfig: one has a mistake; all of them are told.
    """
    chosen = list(rule_files(paths))
    entries, problems = files.read_all(chosen)
    if problems:
        raise BadConfig("\n".join(map(str, problems)))
    if not entries:
        named = t("、", ", ").join(map(str, paths))
        raise BadConfig(
            t(
                f"{named} 里没有规则：每条以一行 [[rule]] 开头，放在 rules/*.toml",
                f"No rules in {named}: each begins with a line [[rule]], in rules/*.toml",
            )
        )
    return entries
