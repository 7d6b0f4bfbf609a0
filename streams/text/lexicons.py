"""Lexicons and brands as files: `<name>/lexicon.toml` with `words.tsv`, and `brands/*.toml`.

Everything is checked when it is read; an error names file, line, what is wrong and what to write instead.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from streams.errors import BadConfig
from streams.language import t
from streams.text.normalise import fold
from streams.text.segment import UserWord

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

_HEAD = ("name", "version", "licence", "origin", "polarity")
_BRAND = ("name", "aliases", "products", "competitors", "words", "licence", "version")


class Entry(NamedTuple):
    """What a sentiment lexicon says of a word.

    Attributes:
        kind: one of `KINDS`.
        weight: strength of pos and neg (1 usual, 2 strong); multiplier of degree.
    """

    kind: str
    weight: float


class Brand(NamedTuple):
    """A brand and everything it is called.

    Attributes:
        name: the canonical name.
        terms: every way to write it, folded: name, aliases and products.
        competitors: canonical names of its rivals.
    """

    name: str
    terms: tuple[str, ...]
    competitors: tuple[str, ...] = ()


class Lexicons(NamedTuple):
    """All lexicons and brands of a deployment, merged.

    Attributes:
        sentiment: folded word → what it does.
        stopwords: words left out of hot words.
        brands: the brands, in the order of their files.
        user_words: the user dictionary for the segmentation.
        version: sum of the versions of all files: it grows whenever one of them does.
        digest: hash over every file read.
    """

    sentiment: dict[str, Entry]
    stopwords: frozenset[str]
    brands: tuple[Brand, ...]
    user_words: tuple[UserWord, ...]
    version: int
    digest: str


def load(folders: Sequence[Path]) -> Lexicons:
    """Read every lexicon below the folders; a later folder overrules an earlier one word by word.

    Raises:
        BadConfig: a folder or file is missing, malformed or contradicts itself.
    """
    sentiment: dict[str, Entry] = {}
    stopwords: set[str] = set()
    brands: dict[str, Brand] = {}
    user_words: dict[str, UserWord] = {}
    version = 0
    digest = hashlib.sha256()
    for folder in folders:
        if not folder.is_dir():
            raise BadConfig(
                t(
                    f"词典目录 {folder} 不存在：建立它，或改设置 text.lexicons",
                    f"lexicon folder {folder} does not exist: create it or change setting text.lexicons",
                )
            )
        for head_file in sorted(folder.glob("*/lexicon.toml")):
            words_file = head_file.with_name("words.tsv")
            head = _head(head_file)
            version += head["version"]
            if head["polarity"]:
                sentiment.update(_sentiment(words_file))
            else:
                stopwords.update(word for _, word, *_ in _rows(words_file, ("word",)))
            digest.update(head_file.read_bytes() + words_file.read_bytes())
        for file in sorted(folder.glob("brands/*.toml")):
            brand, extra, number = _brand(file)
            version += number
            if brand.name in brands:
                _wrong(
                    file, None, f"品牌 {brand.name} 已在别的文件里", f"brand {brand.name} is in another file"
                )
            brands[brand.name] = brand
            user_words |= {word.word: word for word in extra}
            digest.update(file.read_bytes())
    _one_brand_a_term(brands.values())
    for brand in brands.values():
        for term in brand.terms:
            user_words.setdefault(term, UserWord(term))
    for word in sentiment:
        if len(word) > 1 and word.isalnum():
            user_words.setdefault(word, UserWord(word))
    return Lexicons(
        sentiment,
        frozenset(stopwords),
        tuple(brands.values()),
        tuple(user_words.values()),
        version,
        digest.hexdigest(),
    )


def _wrong(file: Path, line: int | None, zh: str, en: str) -> NoReturn:
    raise BadConfig(
        t(
            f"{file} {f'第 {line} 行' if line else ''}：{zh}",
            f"{file}{f' line {line}' if line else ''}: {en}",
        )
    )


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        _wrong(file, None, f"读不懂：{error}", f"cannot be read: {error}")


def _head(file: Path) -> dict[str, Any]:
    head = _toml(file)
    for key in _HEAD:
        if head.get(key) in (None, ""):
            _wrong(file, None, f"缺少 {key}，请加一行 {key} = …", f"{key} is missing: add a line {key} = …")
    if not isinstance(head["version"], int) or not isinstance(head["polarity"], bool):
        _wrong(
            file,
            None,
            "version 须为整数，polarity 须为 true 或 false",
            "version must be an integer, polarity true or false",
        )
    if head["name"] != file.parent.name:
        _wrong(
            file,
            None,
            f"name 是 {head['name']}，须与目录名 {file.parent.name} 相同",
            f"name is {head['name']} but must equal the folder's name {file.parent.name}",
        )
    return head


def _rows(file: Path, header: tuple[str, ...]) -> Iterator[tuple[int, str, list[str]]]:
    """Line number, folded word and the other columns of each row."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        _wrong(file, None, f"读不了：{error}", f"cannot be read: {error}")
    if not lines or tuple(lines[0].split("\t")) != header:
        columns = "<TAB>".join(header)
        _wrong(file, 1, f"第一行须为 {columns}", f"the first line must be {columns}")
    seen: dict[str, int] = {}
    for number, line in enumerate(lines[1:], 2):
        if not line.strip() or line.startswith("# "):
            continue
        word, *rest = line.split("\t")
        word = fold(word)
        if not word.strip() or len(rest) != len(header) - 1:
            _wrong(
                file,
                number,
                f"要 {len(header)} 列，以制表符分隔，得到 {line!r}",
                f"needs {len(header)} columns separated by tabs, found {line!r}",
            )
        if word in seen:
            _wrong(
                file,
                number,
                f"{word} 与第 {seen[word]} 行重复，删去一行",
                f"{word} repeats line {seen[word]}: delete one of them",
            )
        seen[word] = number
        yield number, word, rest


def _sentiment(file: Path) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for number, word, (kind, weight) in _rows(file, ("word", "kind", "weight")):
        if kind not in KINDS:
            _wrong(
                file,
                number,
                f"没有 {kind} 这一类，可用 {' '.join(KINDS)}",
                f"there is no kind {kind}; known are {' '.join(KINDS)}",
            )
        try:
            entries[word] = Entry(kind, float(weight))
        except ValueError:
            _wrong(
                file, number, f"权重须为数，得到 {weight!r}", f"the weight must be a number, found {weight!r}"
            )
    return entries


def _brand(file: Path) -> tuple[Brand, list[UserWord], int]:
    table = _toml(file)
    for key in table:
        if key not in _BRAND:
            _wrong(file, None, f"没有 {key} 这一项，可用 {' '.join(_BRAND)}", f"there is no key {key}")
    for key in ("name", "licence", "version"):
        if not table.get(key):
            _wrong(file, None, f"缺少 {key}，请加一行 {key} = …", f"{key} is missing: add a line {key} = …")
    if not isinstance(table["version"], int):
        _wrong(file, None, "version 须为整数", "version must be an integer")
    lists: dict[str, list[str]] = {}
    for key in ("aliases", "products", "competitors", "words"):
        lists[key] = table.get(key, [])
        if not isinstance(lists[key], list) or not all(isinstance(item, str) for item in lists[key]):
            _wrong(file, None, f'{key} 须为 ["…", "…"]', f'{key} must be ["…", "…"]')
    terms: dict[str, None] = {}
    for term in (table["name"], *lists["aliases"], *lists["products"]):
        folded = " ".join(fold(term).split())
        if not folded:
            _wrong(file, None, "别名是空的，删去它", "an alias is empty: delete it")
        terms |= {folded: None, folded.replace(" ", ""): None}
    words = [_user_word(file, line) for line in lists["words"]]
    brand = Brand(table["name"], tuple(terms), tuple(lists["competitors"]))
    return brand, words, table["version"]


def _user_word(file: Path, line: str) -> UserWord:
    word, *rest = fold(line).split()
    frequency = int(rest.pop(0)) if rest and rest[0].isdigit() else None
    tag = rest.pop(0) if rest else None
    if rest:
        _wrong(
            file,
            None,
            f"words 里的 {line!r} 须为“词 [词频] [词性]”",
            f"{line!r} in words must be `word [frequency] [tag]`",
        )
    return UserWord(word, frequency, tag)


def _one_brand_a_term(brands: Iterable[Brand]) -> None:
    owner: dict[str, str] = {}
    for brand in brands:
        for term in brand.terms:
            if owner.setdefault(term, brand.name) != brand.name:
                raise BadConfig(
                    t(
                        f"别名 {term} 同属 {owner[term]} 和 {brand.name}：从其中一个文件里删去",
                        f"alias {term} belongs to both {owner[term]} and {brand.name}: delete it from one file",
                    )
                )
