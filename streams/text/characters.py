"""What the evasions need to know of characters, read from `lexicons/characters/characters.toml`."""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from streams.errors import BadConfig
from streams.language import t
from streams.text.normalise import fold

_HEAD = (
    "name",
    "version",
    "licence",
    "origin",
    "radicals",
    "split",
    "alike",
    "ordinary",
    "particles",
    "latin",
    "names",
    "slang",
)


class Characters(NamedTuple):
    """How characters are taken apart, and what is ordinary beside it; everything folded.

    Attributes:
        split: character → its parts written side by side, every known way.
        alike: character → characters that look like it.
        ordinary: characters that stand alone in ordinary sentences.
        particles: characters that attach to any word: beside them nothing is improbable.
        latin: words and abbreviations of ordinary writing that read as pinyin or as initials.
        names: places and companies, whose pinyin is nothing else.
        slang: name → other names for it.
        slang_contact: name → other names, only where somebody is asked to get in touch.
        slang_alone: name → other names, only as an outcry.
        version: of the file.
    """

    split: dict[str, tuple[str, ...]]
    alike: dict[str, tuple[str, ...]]
    ordinary: frozenset[str]
    particles: frozenset[str]
    latin: frozenset[str]
    names: frozenset[str]
    slang: dict[str, tuple[str, ...]]
    slang_contact: dict[str, tuple[str, ...]]
    slang_alone: dict[str, tuple[str, ...]]
    version: int


@cache
def load(file: Path) -> Characters:
    """Read and check the file.

    Raises:
        BadConfig: it is missing or malformed.
    """
    table = _table(file)
    for key in _HEAD:
        if key not in table:
            raise BadConfig(
                t(f"{file}：缺少 {key}，请加上 {key} = …", f"{file}: {key} is missing: add {key} = …")
            )
    forms = {radical: group for group in table["radicals"] for radical in group}
    split: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for word in table["split"].split():
        *parts, whole = word
        for spelled in _spelled(parts, forms):
            split[fold(whole)][fold(spelled)] = None
    alike: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for pair in table["alike"].split():
        if len(pair) != 2:
            raise BadConfig(
                t(
                    f"{file}：alike 里的 {pair} 须为两个字：形似字和本字",
                    f"{file}: {pair} in alike must be two characters: the lookalike and what it looks like",
                )
            )
        other, character = fold(pair[0]), fold(pair[1])
        if other != character:
            alike[character][other] = None
    slang, contact, alone = {}, {}, {}
    for name, line in table["slang"].items():
        always, beside, outcry = (*line.split("/"), "", "")[:3]
        slang[fold(name)] = tuple(map(fold, always.split()))
        contact[fold(name)] = tuple(map(fold, beside.split()))
        alone[fold(name)] = tuple(map(fold, outcry.split()))
    return Characters(
        {whole: tuple(ways) for whole, ways in split.items()},
        {character: tuple(others) for character, others in alike.items()},
        frozenset(fold(table["ordinary"])) - {" "},
        frozenset(fold(table["particles"])) - {" "},
        frozenset(fold(table["latin"]).split()),
        frozenset(fold(table["names"]).split()),
        slang,
        contact,
        alone,
        table["version"],
    )


def _table(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadConfig(t(f"{file}：读不懂：{error}", f"{file}: cannot be read: {error}")) from error


def _spelled(parts: Iterable[str], forms: dict[str, str]) -> Iterator[str]:
    """Every way to write the parts: each radical in any of its forms; 辶 is written before or after."""
    for chosen in product(*(forms.get(part, part) for part in parts)):
        yield "".join(chosen)
        if chosen[-1] in forms.get("辶", ""):
            yield "".join(reversed(chosen))
