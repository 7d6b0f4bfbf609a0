"""Brand profiles: `brands/<name>.toml`, what a brand is called, what is not it, and who it is compared with."""

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from streams.text.normalise import fold
from streams.text.problems import Document, Problems
from streams.text.segment import UserWord

KEYS = (
    "name",
    "version",
    "licence",
    "sector",
    "aliases",
    "products",
    "exclusions",
    "accounts",
    "competitors",
    "sets",
    "words",
    "examples",
)
SECTORS = ("phone", "electronics", "appliance", "car", "food", "apparel", "platform", "express", "other")
"""What a brand sells. Delivery is a platform's and an express company's own work, and nobody else's."""

_EXAMPLES = ("mentions", "others")


class Brand(NamedTuple):
    """A brand and everything it is called.

    Attributes:
        name: the canonical name.
        terms: every way to write it, folded: name, aliases and products.
        competitors: canonical names of its rivals in the newest version of its sets.
        sector: one of `SECTORS`, or "".
        contexts: folded words near which the name or an alias is something else (斤 beside 苹果).
        shadows: folded words that hold a term and are something else (苹果汁).
        clear: terms that no context takes away: the products.
        accounts: platform and author id of its official accounts.
        examples: texts with whether they mention the brand; a self-test of the profile.
    """

    name: str
    terms: tuple[str, ...]
    competitors: tuple[str, ...] = ()
    sector: str = ""
    contexts: tuple[str, ...] = ()
    shadows: tuple[str, ...] = ()
    clear: frozenset[str] = frozenset()
    accounts: tuple[tuple[str, str], ...] = ()
    examples: tuple[tuple[str, bool], ...] = ()


class CompetitorSet(NamedTuple):
    """Who is compared with whom. A set that was published never changes: a new version is added beside it.

    Attributes:
        name: of the set.
        version: from 1.
        members: canonical names, the brand's own among them.
    """

    name: str
    version: int
    members: tuple[str, ...]


class Profile(NamedTuple):
    """A brand's file, read.

    Attributes:
        document: the file itself.
        brand: the brand.
        words: its lines of the user dictionary.
        sets: competitor sets that it defines.
        version: of the file.
    """

    document: Document
    brand: Brand
    words: list[UserWord]
    sets: list[CompetitorSet]
    version: int


def read(file: Path, problems: Problems) -> Profile | None:
    """One profile; None when it has no name to go by. Every mistake is added to `problems`."""
    document = Document(file, problems)
    table = document.table
    for key in table:
        if key not in KEYS:
            close = difflib.get_close_matches(key, KEYS, 1)
            hint = (f"，是不是想写 {close[0]}", f"; did you mean {close[0]}") if close else ("", "")
            known = " ".join(KEYS)
            document.error(
                [key],
                f"没有 {key} 这一项{hint[0]}（可用 {known}）",
                f"there is no key {key}{hint[1]} (known: {known})",
                key=True,
            )
    if not table or not document.required("name", "licence", "version"):
        return None
    name = table["name"]
    if not isinstance(name, str) or not fold(name).strip():
        document.error(["name"], "name 须为文字", "name must be a text")
        return None
    sector = table.get("sector", "")
    if sector and sector not in SECTORS:
        known = " ".join(SECTORS)
        document.error(["sector"], f"sector 须为 {known} 之一", f"sector must be one of {known}")
    products = _terms(document.strings("products"))
    terms = list(dict.fromkeys([*_terms([name]), *_terms(document.strings("aliases")), *products]))
    contexts, shadows = _exclusions(document, terms)
    sets = list(_sets(document, name))
    newest = max((s.version for s in sets), default=0)
    rivals = [m for s in sets if s.version == newest for m in s.members if m != name]
    brand = Brand(
        name,
        tuple(terms),
        tuple(dict.fromkeys([*document.strings("competitors"), *rivals])),
        sector if isinstance(sector, str) else "",
        contexts,
        shadows,
        frozenset(products),
        tuple(_accounts(document)),
        _examples(document),
    )
    return Profile(document, brand, _words(document), sets, document.version())


def _terms(written: Iterable[str]) -> list[str]:
    """Each folded, as it is written and without blanks."""
    folded = [" ".join(fold(term).split()) for term in written]
    return list(dict.fromkeys(form for term in folded if term for form in (term, term.replace(" ", ""))))


def _exclusions(document: Document, terms: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Words near which it is something else, and words that it is a part of."""
    contexts, shadows = [], []
    for number, word in enumerate(document.strings("exclusions")):
        folded = fold(word).strip()
        if folded in terms:
            document.error(
                ["exclusions", number],
                f"{word} 就是这个品牌的叫法，排除它等于谁也不算；删去它",
                f"{word} is what the brand is called, nothing would be left: delete it",
            )
        elif any(term in folded for term in terms):
            shadows.append(folded)
        else:
            contexts.append(folded)
    return tuple(contexts), tuple(shadows)


def _sets(document: Document, name: str) -> Iterable[CompetitorSet]:
    sets = document.table.get("sets", [])
    if not isinstance(sets, list) or not all(isinstance(entry, dict) for entry in sets):
        document.error(["sets"], "竞品集写成 [[sets]]，各占一段", "write each competitor set as [[sets]]")
        return
    seen: set[tuple[str, int]] = set()
    for number, entry in enumerate(sets):
        title, version = entry.get("name"), entry.get("version")
        if not isinstance(title, str) or not title or not isinstance(version, int) or "members" not in entry:
            document.error(
                ["sets", number],
                '竞品集要有 name = "…"、version = 1、members = ["…"]',
                'a competitor set needs name = "…", version = 1, members = ["…"]',
            )
            continue
        for key in entry:
            if key not in ("name", "version", "members"):
                document.error(
                    ["sets", number, key], f"竞品集没有 {key} 这一项", f"a set has no key {key}", key=True
                )
        if (title, version) in seen:
            document.error(
                ["sets", number, "version"],
                f"竞品集 {title} 已有第 {version} 版，改动请另加一段更高的版本",
                f"competitor set {title} has a version {version} already: add a higher one beside it",
            )
        seen.add((title, version))
        members = document.strings("sets", number, "members")
        if name not in members:
            document.error(
                ["sets", number, "members"],
                f"竞品集 {title} 要包含 {name} 自己",
                f"competitor set {title} must name {name} itself",
            )
        yield CompetitorSet(title, version, tuple(dict.fromkeys(members)))


def _accounts(document: Document) -> Iterable[tuple[str, str]]:
    for number, account in enumerate(document.strings("accounts")):
        platform, colon, author = account.partition(":")
        if colon and platform.strip() and author.strip():
            yield platform.strip(), author.strip()
        else:
            document.error(
                ["accounts", number],
                f"官方账号 {account} 须为“平台:账号编号”，如 微博:1234567890",
                f"account {account} must be `platform:author id`, such as 微博:1234567890",
            )


def _words(document: Document) -> list[UserWord]:
    words = []
    for number, line in enumerate(document.strings("words")):
        word, *rest = fold(line).split()
        frequency = int(rest.pop(0)) if rest and rest[0].isdecimal() and rest[0].isascii() else None
        tag = rest.pop(0) if rest else None
        if rest:
            document.error(
                ["words", number],
                f"words 里的 {line!r} 须为“词 [词频] [词性]”",
                f"{line!r} in words must be `word [frequency] [tag]`",
            )
        words.append(UserWord(word, frequency, tag))
    return words


def _examples(document: Document) -> tuple[tuple[str, bool], ...]:
    table: Any = document.table.get("examples", {})
    if not isinstance(table, dict) or any(key not in _EXAMPLES for key in table):
        document.error(
            ["examples"],
            '自测写成 [examples] mentions = ["…"]、others = ["…"]',
            'write self-tests as [examples] mentions = ["…"], others = ["…"]',
        )
        return ()
    found = []
    for key, expected in (("mentions", True), ("others", False)):
        found += [(text, expected) for text in document.strings("examples", key)]
    return tuple(found)
