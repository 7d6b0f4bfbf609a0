"""Lexicons and brands as files: `<name>/lexicon.toml` with `words.tsv`, and `brands/*.toml`.

Everything is checked when it is read; a mistake names file, line, column, what is wrong and what to write
instead. `load` stops at the first, `check` tells all of them.
"""

import difflib
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from streams.errors import BadConfig
from streams.language import t
from streams.text import agreement, profiles
from streams.text.normalise import fold
from streams.text.problems import Document, Problem, Problems, text
from streams.text.profiles import SECTORS, Brand, CompetitorSet, Profile
from streams.text.segment import NAME, UserWord

KINDS = (
    "pos",
    "neg",
    "not",
    "degree",
    "but",
    "question",
    "news",
    "others",
    "compare",
    "lose",
    "plain",
)
"""What a word of a sentiment lexicon does; docs/text.md says it of each."""

RELATIONS = (
    "over",
    "notover",
    "against",
    "with",
    "below",
    "above",
    "far",
    "lacks",
    "passive",
    "takes",
    "switch",
    "back",
    "avoid",
    "choose",
    "rather",
    "still",
    "others",
    "except",
    "turn",
    "both",
    "former",
    "latter",
    "aside",
    "delivery",
    "thing",
    "verdict",
    "question",
    "ask",
    "rhetoric",
    "doubt",
    "blame",
    "prefer",
    "hearsay",
    "wish",
    "if",
    "eager",
    "news",
    "better",
    "worse",
    "more",
    "less",
    "burden",
    "plain",
)
"""What a word of a relations lexicon says of who is spoken of; docs/text.md says it of each."""

STAGES = ("notice", "search", "review", "buy", "use", "share", "scold")
"""From first hearing of a thing to telling others, kindly or not."""
INTENTS = ("question", "complaint", "purchase")
"""What a post wants of the brand."""

COLUMNS = {
    "sentiment": ("word", "kind", "weight"),
    "stopwords": ("word",),
    "relations": ("word", "kind"),
    "aspects": ("word", "aspect"),
    "journey": ("word", "stage", "intent"),
    "known_brands": ("word", "brand", "sector"),
}
"""Kind of a lexicon → the columns of its words.tsv."""

_ALLOWED: dict[tuple[str, str], tuple[str, ...]] = {
    ("sentiment", "kind"): KINDS,
    ("relations", "kind"): RELATIONS,
    ("journey", "stage"): (*STAGES, "-"),
    ("journey", "intent"): (*INTENTS, "-"),
    ("known_brands", "sector"): SECTORS,
}


class Entry(NamedTuple):
    """What a sentiment lexicon says of a word.

    Attributes:
        kind: one of `KINDS`.
        weight: strength of pos and neg (1 usual, 2 strong); multiplier of degree.
    """

    kind: str
    weight: float


class Sign(NamedTuple):
    """What a word tells of its author.

    Attributes:
        stage: one of `STAGES`, or "".
        intent: one of `INTENTS`, or "".
    """

    stage: str
    intent: str


class Lexicons(NamedTuple):
    """All lexicons and brands of a deployment, merged.

    Attributes:
        sentiment: folded word → what it does.
        stopwords: words left out of hot words.
        brands: the brands, in the order of their files.
        user_words: the user dictionary for the segmentation.
        digest: hash over every file read.
        relations: folded word → one of `RELATIONS`.
        aspects: folded word → the aspect that it speaks of; "" of none, and so do the words within it (心脏, 高贵).
        journey: folded word → what it tells of its author.
        known: well-known brands that nobody monitors here: the other side of comparisons.
        sets: competitor sets of all profiles, every version of each.
        accounts: (platform, author id) → the brand whose official account it is.
        versions: name of each lexicon and brand → the version that its file gives itself; where several
            folders have one, their sum.
    """

    sentiment: dict[str, Entry]
    stopwords: frozenset[str]
    brands: tuple[Brand, ...]
    user_words: tuple[UserWord, ...]
    digest: str
    relations: dict[str, str] = {}
    aspects: dict[str, str] = {}
    journey: dict[str, Sign] = {}
    known: tuple[Brand, ...] = ()
    sets: tuple[CompetitorSet, ...] = ()
    accounts: dict[tuple[str, str], str] = {}
    versions: dict[str, int] = {}


def load(folders: Sequence[Path]) -> Lexicons:
    """Read every lexicon below the folders; a later folder overrules an earlier one word by word.

    Raises:
        BadConfig: a folder or file is missing, malformed or contradicts itself.
    """
    problems = Problems()
    reading = _Reading(problems)
    for folder in folders:
        if not folder.is_dir():
            raise BadConfig(
                t(
                    f"词典目录 {folder} 不存在：建立它，或改设置 text.lexicons",
                    f"lexicon folder {folder} does not exist: create it or change setting text.lexicons",
                )
            )
        reading.folder(folder)
        problems.stop()
    merged = reading.merged()
    problems.stop()
    return merged


def check(*folders: Path) -> list[Problem]:
    """Every mistake in the lexicons and brands below the folders, merged as `load` merges them.

    The self-tests of the profiles are run, too. Nothing is raised.
    """
    problems = Problems()
    reading = _Reading(problems)
    for folder in folders:
        if folder.is_dir():
            reading.folder(folder)
        else:
            problems.error(folder, (1, 1), "没有这个目录", "there is no such folder")
    reading.self_test(reading.merged())
    return problems


def digest(folders: Sequence[Path]) -> str:
    """A hash over names, sizes and times of all files: it differs once `load` may give something else.

    Reads no file, so it may be called every few seconds.
    """
    sums = hashlib.sha256()
    for folder in folders:
        for file in sorted(folder.glob("*/*")):
            try:
                stat = file.stat()
            except OSError:  # deleted meanwhile: the next look sees it gone
                continue
            sums.update(f"{file}\0{stat.st_size}\0{stat.st_mtime_ns}\0{stat.st_ino}\n".encode())
    return sums.hexdigest()


class _Reading:
    """What was read so far, and its mistakes."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._sentiment: dict[str, Entry] = {}
        self._stopwords: set[str] = set()
        self._relations: dict[str, str] = {}
        self._aspects: dict[str, str] = {}
        self._journey: dict[str, Sign] = {}
        self._known: dict[str, tuple[str, str]] = {}
        self._profiles: dict[str, Profile] = {}
        self._versions: Counter[str] = Counter()
        self._digest = hashlib.sha256()

    def folder(self, folder: Path) -> None:
        """Read one folder; what it says replaces what an earlier one said."""
        for head_file in sorted(folder.glob("*/lexicon.toml")):
            self._lexicon(head_file)
        here: dict[str, Path] = {}
        for file in sorted(folder.glob("brands/*.toml")):
            profile = profiles.read(file, self._problems)
            self._digest.update(file.read_bytes() if file.is_file() else b"")
            if profile is None:
                continue
            name = profile.brand.name
            if name in here:
                profile.document.error(
                    ["name"],
                    f"品牌 {name} 已在 {here[name].name} 里，改名或删去一个",
                    f"brand {name} is in {here[name].name} already: rename or delete one",
                )
            here[name] = file
            self._profiles[name] = profile
            self._versions[f"brands/{name}"] += profile.version

    def _lexicon(self, head_file: Path) -> None:
        head = Document(head_file, self._problems)
        words_file = head_file.with_name("words.tsv")
        kind = _kind(head)
        self._versions[head_file.parent.name] += head.version()
        for file in (head_file, words_file):
            self._digest.update(file.read_bytes() if file.is_file() else b"")
        if kind is None:
            return
        for number, word, cells in self._rows(words_file, kind):
            if kind == "sentiment":
                self._sentiment[word] = Entry(cells[0], self._weight(words_file, number, cells[1]))
            elif kind == "stopwords":
                self._stopwords.add(word)
            elif kind == "relations":
                self._relations[word] = cells[0]
            elif kind == "aspects":
                self._aspects[word] = cells[0].strip("-")
            elif kind == "journey":
                self._journey[word] = Sign(*(cell.strip("-") for cell in cells))
            else:
                self._known[word] = (cells[0], cells[1])

    def _rows(self, file: Path, kind: str) -> Iterator[tuple[int, str, list[str]]]:
        """Line number, folded word and the other cells of each row that is right."""
        header = COLUMNS[kind]
        lines = text(file, self._problems).split("\n")
        if tuple(lines[0].rstrip("\r").split("\t")) != header:
            columns = "<TAB>".join(header)
            self._problems.error(file, (1, 1), f"第一行须为 {columns}", f"the first line must be {columns}")
            return
        seen: dict[str, int] = {}
        for number, line in enumerate(lines[1:], 2):
            if not line.strip() or line.startswith("# "):
                continue
            written, *cells = line.rstrip("\r").split("\t")
            word = fold(written)
            if not word.strip() or len(cells) != len(header) - 1:
                self._problems.error(
                    file,
                    (number, 1),
                    f"要 {len(header)} 列，以制表符分隔，得到 {line!r}",
                    f"needs {len(header)} columns separated by tabs, found {line!r}",
                )
            elif word in seen:
                self._problems.error(
                    file,
                    (number, 1),
                    f"{word} 与第 {seen[word]} 行重复，删去一行",
                    f"{word} repeats line {seen[word]}: delete one of them",
                )
            elif self._allowed(file, kind, number, written, cells):
                seen[word] = number
                yield number, word, cells

    def _allowed(self, file: Path, kind: str, number: int, written: str, cells: list[str]) -> bool:
        column = len(written) + 2
        for name, cell in zip(COLUMNS[kind][1:], cells, strict=True):
            known = _ALLOWED.get((kind, name))
            if not cell or (known is not None and cell not in known):
                close = difflib.get_close_matches(cell, known or (), 1)
                words = " ".join(known or ())
                self._problems.error(
                    file,
                    (number, column),
                    f"没有 {cell} 这一类{f'，是不是想写 {close[0]}' if close else ''}，可用 {words}",
                    f"there is no {name} {cell}{f': did you mean {close[0]}?' if close else ''}; known: {words}",
                )
                return False
            column += len(cell) + 1
        return True

    def _weight(self, file: Path, number: int, cell: str) -> float:
        try:
            return float(cell)
        except ValueError:
            self._problems.error(
                file,
                (number, 1),
                f"权重须为数，得到 {cell!r}",
                f"the weight must be a number, found {cell!r}",
            )
            return 0.0

    def merged(self) -> Lexicons:
        """Everything together; contradictions between profiles are mistakes, too."""
        found = list(self._profiles.values())
        agreement.one_brand_a_term(found)
        sets = agreement.one_set_a_version(found)
        brands = tuple(profile.brand for profile in found)
        user_words = {word.word: word for profile in found for word in profile.words}
        for brand in brands:
            for term in brand.terms:
                user_words.setdefault(term, UserWord(term, tag=NAME))
            for term in brand.shadows:
                user_words.setdefault(term, UserWord(term))
        for word in self._sentiment:
            if len(word) > 1 and word.isalnum():
                user_words.setdefault(word, UserWord(word))
        return Lexicons(
            self._sentiment,
            frozenset(self._stopwords),
            brands,
            tuple(user_words.values()),
            self._digest.hexdigest(),
            self._relations,
            self._aspects,
            self._journey,
            self._known_brands(brands),
            sets,
            {account: brand.name for brand in brands for account in brand.accounts},
            dict(self._versions),
        )

    def self_test(self, merged: Lexicons) -> None:
        """Whether each profile's examples are found, and its counter-examples are not."""
        agreement.self_test(list(self._profiles.values()), merged.user_words)

    def _known_brands(self, brands: Sequence[Brand]) -> tuple[Brand, ...]:
        """Known brands without those that have a profile."""
        taken = {term for brand in brands for term in brand.terms}
        names = {brand.name for brand in brands}
        terms: dict[str, list[str]] = {}
        sectors: dict[str, str] = {}
        for word, (name, sector) in self._known.items():
            if word not in taken and name not in names:
                terms.setdefault(name, []).extend(dict.fromkeys((word, word.replace(" ", ""))))
                sectors[name] = sector
        return tuple(Brand(name, tuple(found), sector=sectors[name]) for name, found in terms.items())


def _kind(head: Document) -> str | None:
    """What the lexicon holds. `polarity` is how lexicons said it before there were more than two kinds."""
    complete = head.required("name", "version", "licence", "origin") if head.table else False
    name = head.table.get("name")
    if name and name != head.file.parent.name:
        head.error(
            ["name"],
            f"name 是 {name}，须与目录名 {head.file.parent.name} 相同",
            f"name is {name} but must equal the folder's name {head.file.parent.name}",
        )
    if not complete:
        return None
    polarity = head.table.get("polarity")
    old = {True: "sentiment", False: "stopwords"}.get(polarity) if isinstance(polarity, bool) else None
    kind = head.table.get("kind", old)
    if kind not in COLUMNS:
        known = " ".join(COLUMNS)
        head.error(
            ["kind"], f"kind 须为 {known} 之一", f"kind must be one of {known}", key="kind" not in head.table
        )
        return None
    return str(kind)
