"""Drafts of replies: templates as data, chosen by what a case is about. A person reads, changes and sends them.

A draft never holds the words of the post, and a template that promises something is a mistake: what the brand
owes is decided by people.
"""

import difflib
import re
import string
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct

from streams.errors import BadConfig
from streams.language import t
from streams.rules.files import Problem
from streams.severity import SEVERITIES, Severity
from streams.text.places import place, place_of_error

DRAFTS = 3
LONGEST = 500
"""Characters of a template: comments of most platforms hold no more."""

LONGEST_NAME = 30
"""Characters of what a placeholder is filled with."""

PLACEHOLDERS = ("author", "brand", "aspect")

_CONDITIONS: Mapping[str, tuple[str, ...]] = {
    "aspects": (),
    "intents": ("question", "complaint", "purchase"),
    "sentiments": ("pos", "neu", "neg"),
    "severities": SEVERITIES,
}
"""What a template may be chosen by, and the words allowed; none given where the lexicons say which there are."""

_KEYS = ("name", "text", *_CONDITIONS)
_PROMISE = re.compile(
    r"保证|承诺|绝对|一定(?:会|给|为|帮)|肯定(?:会|给)|赔偿|赔付|退一赔|全额退|包退|包换|免费(?:换|修|送)"
    r"|(?i:\b(?:guarantee|promise|refund|compensat|free of charge)\w*)"
)
_NAME = re.compile(r"[^\w ·-]+")
_EMPTY = re.compile(r"^[，,、：:\s]+")


class Facts(NamedTuple):
    """What a reply is to be about.

    Attributes:
        author: as the platform shows the name; "" where that is not known.
        brand: "" for none.
        aspects: what the post speaks of, the most telling first.
        intent: question, complaint, purchase; "" for none.
        sentiment: pos, neu or neg; "" where that is not known.
        severity: of the case.
    """

    author: str = ""
    brand: str = ""
    aspects: Sequence[str] = ()
    intent: str = ""
    sentiment: str = ""
    severity: Severity = "blue"


class Template(Struct, frozen=True, kw_only=True):
    """One template.

    Attributes:
        name: unique among all templates.
        text: with the placeholders {author}, {brand} and {aspect}.
        aspects, intents, sentiments, severities: what it is for; each one that is given must fit.
    """

    name: str
    text: str
    aspects: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    sentiments: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()


def drafts(facts: Facts, templates: Sequence[Template], most: int = DRAFTS) -> list[str]:
    """Replies that fit, the most specific first; of equally specific ones those that stand first in the files.

    Args:
        facts: what it is about.
        templates: to choose from.
        most: how many.
    """
    ranked = [
        (-rank, number) for number, one in enumerate(templates) if (rank := _fitting(one, facts)) is not None
    ]
    texts = (_filled(templates[number], facts) for _, number in sorted(ranked))
    return list(dict.fromkeys(texts))[:most]


def read(source: str, file: str) -> tuple[list[Template], list[Problem]]:
    """The templates of one file, and everything that is wrong with the others.

    Args:
        source: text of the file.
        file: its name.
    """
    source = source.replace("\r\n", "\n")
    try:
        document = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        message = t(f"不是 TOML：{error}", f"is no TOML: {error}")
        return [], [Problem(file, *place_of_error(source, error), "bad_toml", message)]
    tables = document.pop("reply", [])
    problems = [
        Problem(file, *place(source, [key], key=True), "unknown_key", _unknown(key, ("reply",)))
        for key in document
    ]
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        message = t("每个模板以一行 [[reply]] 开头", "each template begins with a line [[reply]]")
        return [], [*problems, Problem(file, *place(source, ["reply"], key=True), "bad_value", message)]
    templates = []
    for number, values in enumerate(tables):
        found = [Problem(file, *at, code, message) for at, code, message in _mistakes(source, number, values)]
        problems += found
        if not found:
            conditions = {key: tuple(values.get(key, ())) for key in _CONDITIONS}
            templates.append(Template(name=values["name"], text=values["text"].strip(), **conditions))
    return templates, problems


def read_all(files: Sequence[Path]) -> tuple[list[Template], list[Problem]]:
    """The templates of some files, and everything that is wrong; of two with one name the later one holds."""
    templates: dict[str, Template] = {}
    problems: list[Problem] = []
    for file in files:
        try:
            source = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            message = t(f"读不了：{error}", f"cannot be read: {error}")
            problems.append(Problem(str(file), 1, 1, "unreadable", message))
            continue
        found, wrong = read(source, str(file))
        problems += wrong
        templates |= {one.name: one for one in found}
    return list(templates.values()), problems


def load(folders: Sequence[Path]) -> list[Template]:
    """The templates of `replies/*.toml` below the folders of lexicons; a later folder overrules an earlier one.

    Raises:
        BadConfig: the first mistake, with file, line and column.
    """
    templates, problems = read_all(
        [file for folder in folders for file in sorted(folder.glob("replies/*.toml"))]
    )
    if problems:
        raise BadConfig(str(problems[0]))
    return templates


def _fitting(template: Template, facts: Facts) -> int | None:
    """How many of its conditions the facts meet; None if one is not, or it would name what is not known."""
    named = {"{brand}": facts.brand, "{aspect}": facts.aspects}
    if any(placeholder in template.text and not value for placeholder, value in named.items()):
        return None
    given = (
        (template.aspects, facts.aspects),
        (template.intents, (facts.intent,)),
        (template.sentiments, (facts.sentiment,)),
        (template.severities, (facts.severity,)),
    )
    wanted = [(choices, known) for choices, known in given if choices]
    return len(wanted) if all(set(choices) & set(known) for choices, known in wanted) else None


def _filled(template: Template, facts: Facts) -> str:
    """With the aspect that the template is for, of those that the post speaks of."""
    aspect = next((one for one in facts.aspects if one in template.aspects), next(iter(facts.aspects), ""))
    values = {"author": facts.author, "brand": facts.brand, "aspect": aspect}
    text = template.text.format_map({name: _plain(value) for name, value in values.items()})
    return _EMPTY.sub("", text)


def _plain(name: str) -> str:
    """A name without anything that a platform could take for markup, mention, link or a line of its own."""
    return " ".join(_NAME.sub("", name).split())[:LONGEST_NAME]


_Found = tuple[tuple[int, int], str, str]


def _mistakes(source: str, number: int, values: Mapping[str, Any]) -> Iterator[_Found]:
    where: list[str | int] = ["reply", number]
    for key in ("name", "text"):
        if key not in values:
            message = t(f"缺少 {key}，加一行 {key} = …", f"{key} is missing: add a line {key} = …")
            yield place(source, where), "missing_key", message
        elif not isinstance(values[key], str) or not values[key].strip():
            yield place(source, [*where, key]), "bad_value", t(f"{key} 要写文字", f"{key} must be text")
        elif key == "text":
            for offset, code, message in _wrong_text(values[key]):
                yield place(source, [*where, key], offset=offset), code, message
    for key, value in values.items():
        if key not in _KEYS:
            yield place(source, [*where, key], key=True), "unknown_key", _unknown(key, _KEYS)
        elif key in _CONDITIONS and (wrong := _wrong_condition(key, value)):
            yield place(source, [*where, key]), "bad_value", wrong


def _wrong_text(text: str) -> Iterator[tuple[int, str, str]]:
    if len(text) > LONGEST:
        yield LONGEST, "too_long", t(f"超过 {LONGEST} 个字", f"is longer than {LONGEST} characters")
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError:
        at = max(text.find("{"), text.find("}"), 0)
        message = t("花括号不成对；要写花括号本身，写两个", "a brace without its twin; write {{ for a brace")
        yield at, "bad_placeholder", message
        return
    for _, name, form, conversion in parts:
        if name is not None and (name not in PLACEHOLDERS or form or conversion):
            yield max(text.find("{" + name), 0), "bad_placeholder", _unknown("{" + name + "}", _BRACED)
    for found in _PROMISE.finditer(text):
        message = t(
            f"“{found[0]}”是承诺，模板不能替人承诺，改成了解或说明情况",
            f"“{found[0]}” is a promise: a template may ask and explain, people promise",
        )
        yield found.start(), "promise", message


_BRACED = tuple("{" + name + "}" for name in PLACEHOLDERS)


def _wrong_condition(key: str, value: object) -> str:
    known = _CONDITIONS[key]
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        return t(f'{key} 要写成 ["…", "…"]', f'{key} must read ["…", "…"]')
    wrong = [one for one in value if known and one not in known]
    return _unknown(wrong[0], known) if wrong else ""


def _unknown(key: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(key.lower(), known, n=1)
    if near:
        return t(f"没有 {key}，是不是想写 {near[0]}？", f"there is no {key}; did you mean {near[0]}?")
    return t(f"没有 {key}，可用：{'、'.join(known)}", f"there is no {key}; known are {', '.join(known)}")
