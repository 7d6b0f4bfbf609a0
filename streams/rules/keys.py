"""The keys of a rule in a file: what each holds, which kind of rule reads it, and what does not go together."""

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, get_args

import msgspec

from streams.language import t
from streams.rules.durations import seconds, span
from streams.rules.fields import FIELDS
from streams.rules.rule import KINDS, MEASURES, WINDOWS, Measured, Per, Rule
from streams.severity import SEVERITIES
from streams.topics.alert import Kind

SHARED = ("name", "kind", "severity", "enabled", "description", "alert", "team", "version")
"""Keys of every rule."""

_WHICH = ("query", "brand", "sentiment", "reach")
_RAISED = ("by_reach", "by_count")
_NUMBERS = (*_WHICH, "platform", "organic", *_RAISED, "per", "hold")

OWN: dict[Kind, tuple[str, ...]] = {
    "post": (*_WHICH, *_RAISED, "per", "max_age"),
    "window": (*_NUMBERS, "window", "measure", "above", "below", "minimum"),
    "spike": (*_NUMBERS, "minimum"),
    "cascade": (*_WHICH, "platform", *_RAISED, "hold", "window", "measure", "above"),
    "absence": ("platform", "hold", "window"),
    "silent": ("brand", "platform", "per", "hold", "window"),
}
"""Keys that each kind reads besides these."""

NEEDED: dict[Kind, tuple[tuple[str, ...], ...]] = {
    "post": (("query",),),
    "window": (("query", "brand"), ("measure",), ("above", "below")),
    "spike": (("query", "brand"),),
    "cascade": (("measure",), ("above",)),
    "absence": (),
    "silent": (("brand",),),
}
"""Of each of these the kind needs one."""

PERS: dict[Kind, tuple[str, ...]] = {
    "post": ("root", "author", "platform"),
    "window": ("root", "author", "platform"),
    "spike": ("platform",),
    "silent": ("platform",),
}
"""What the alerts of a kind can be about."""

_RANGES = {"negative_share": (0.0, 100.0), "nsr": (-100.0, 100.0)}
_RATIOS = tuple(_RANGES)
_LONGEST_NAME = 64
_LONGEST_WINDOW = 31 * 86_400.0


class Key(NamedTuple):
    """What a key holds.

    Attributes:
        type: of the value, as TOML has it.
        zh: what to write, in Chinese.
        en: the same in English.
        choices: all values it can have; empty where there are too many.
    """

    type: type
    zh: str
    en: str
    choices: tuple[str, ...] = ()


def _text(name: str) -> Key:
    return Key(str, f'文字，如 {name} = "…"', f'text: {name} = "…"')


def _choice(choices: Sequence[str]) -> Key:
    return Key(str, "、".join(choices), ", ".join(choices), tuple(choices))


def _span(name: str, example: str) -> Key:
    return Key(str, f'时长，如 {name} = "{example}"', f'a span: {name} = "{example}"')


def _levels(name: str) -> Key:
    return Key(
        dict,
        f"{name} = {{orange = 100, red = 1000}} 这样的表",
        f"a table: {name} = {{orange = 100, red = 1000}}",
    )


KEYS: dict[str, Key] = {
    "name": _text("name"),
    "kind": _choice(KINDS),
    "query": Key(str, "文字，如 query = '…'", "text: query = '…'"),
    "brand": _text("brand"),
    "sentiment": Key(str, "pos、neu 或 neg", "pos, neu or neg", FIELDS["sentiment"].values),
    "reach": Key(int, "不小于 0 的整数", "an integer from 0"),
    "severity": _choice(SEVERITIES),
    "enabled": Key(bool, "true 或 false", "true or false"),
    "description": _text("description"),
    "alert": Key(bool, "true 或 false", "true or false"),
    "per": _choice([per for per in get_args(Per) if per]),
    "by_reach": _levels("by_reach"),
    "by_count": _levels("by_count"),
    "max_age": _span("max_age", "24h"),
    "window": _span("window", "10m"),
    "measure": _choice(get_args(Measured)),
    "above": Key(float, "数字，如 above = 100", "a number: above = 100"),
    "below": Key(float, "数字，如 below = -20", "a number: below = -20"),
    "minimum": Key(int, "不小于 0 的整数", "an integer from 0"),
    "hold": _span("hold", "2m"),
    "team": _text("team"),
    "platform": _text("platform"),
    "organic": Key(bool, "true 或 false", "true or false"),
    "version": Key(int, "改动所依据的版本，整数", "the version it was edited from, an integer"),
}
"""Every key that a rule may have."""

SPANS = ("max_age", "window", "hold")
"""Keys that are written as spans of time and kept as seconds."""

_CHINESE = {
    "正面": "pos", "中性": "neu", "负面": "neg",
    "蓝": "blue", "黄": "yellow", "橙": "orange", "红": "red",
    "一般": "blue", "较大": "yellow", "重大": "orange", "特别重大": "red",
    "逐帖": "post", "窗口": "window", "突增": "spike", "暴增": "spike", "传播": "cascade",
    "断流": "absence", "数据中断": "absence", "沉默": "silent",
    "数量": "count", "声量": "count", "负面占比": "negative_share", "净情感": "nsr", "人数": "authors",
    "触达": "reach", "增长": "growth", "代": "generation", "层": "generation",
    "源头": "root", "作者": "author", "平台": "platform",
}  # fmt: skip


class Fault(NamedTuple):
    """Something wrong with one key.

    Attributes:
        key: which one; "" is the rule as a whole.
        code: unknown_key, missing_key, unused_key or bad_value.
        message: what to write instead.
    """

    key: str
    code: str
    message: str


def rule_of(values: Mapping[str, Any]) -> Rule:
    """The rule that a table without faults describes."""
    kind = values.get("kind", "post")
    given = {key: seconds(value) if key in SPANS else value for key, value in values.items()}
    return msgspec.convert({"window": WINDOWS.get(kind, Rule(name="").window), **given}, Rule)


def table_of(rule: Rule) -> dict[str, Any]:
    """The keys of a rule as a file writes them; what equals the default is left out."""
    given = msgspec.to_builtins(rule)
    plain = msgspec.to_builtins(rule_of({"name": rule.name, "kind": rule.kind}))
    return {
        key: span(value) if key in SPANS else value
        for key, value in given.items()
        if key == "name" or value != plain[key] or (key == "kind" and value != "post")
    }


def faults(values: Mapping[str, Any]) -> Iterator[Fault]:
    """Everything that is wrong with the keys of a rule."""
    kind = values.get("kind", "post")
    kind = kind if kind in KINDS else None
    if "name" not in values:
        yield _missing(("name",))
    wrong = False
    for key, value in values.items():
        if key not in KEYS:
            yield Fault(key, "unknown_key", unknown(key, tuple(KEYS)))
        elif message := _wrong_value(key, value):
            wrong = True
            yield Fault(key, "bad_value", message)
        elif kind and key not in SHARED and key not in OWN[kind]:
            yield Fault(key, "unused_key", _unused(key, kind))
    if not kind:
        return
    for needed in NEEDED[kind]:
        if not any(values.get(key, "") != "" or (kind == "post" and key in values) for key in needed):
            yield _missing(needed, kind)
    if not wrong:
        yield from _misfits(kind, values)


def unknown(key: str, known: Sequence[str]) -> str:
    """What to say of a key that there is not."""
    near = difflib.get_close_matches(key.lower(), known, n=1)
    if near:
        return t(
            f"没有 {key} 这一项，是不是想写 {near[0]}？", f"there is no key {key}; did you mean {near[0]}?"
        )
    return t(
        f"没有 {key} 这一项，可用：{'、'.join(known)}", f"there is no key {key}; known are {', '.join(known)}"
    )


def _missing(needed: Sequence[str], kind: str = "") -> Fault:
    keys, either = " / ".join(needed), t(" 或 ", " or ").join(needed)
    of = t(f"{kind} 规则", f" to a {kind} rule") if kind not in ("", "post") else ""
    return Fault(
        needed[0],
        "missing_key",
        t(f"{of}缺少 {either}，加一行 {needed[0]} = …", f"{keys} is missing{of}: add a line {needed[0]} = …"),
    )


def _unused(key: str, kind: Kind) -> str:
    if key == "platform" and kind == "post":
        return t(
            "逐帖规则不用 platform，在 query 里写 platform:微博",
            "a post rule takes no platform: write platform:… in its query",
        )
    kinds = [other for other in KINDS if key in OWN[other]]
    return t(
        f"{key} 对 {kind} 规则没有意义，删去这一行；它属于 {'、'.join(kinds)} 规则",
        f"{key} means nothing to a {kind} rule: delete the line; it belongs to {', '.join(kinds)} rules",
    )


def _wrong_value(name: str, value: object) -> str | None:
    key = KEYS[name]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    wrong = not (number and math.isfinite(value)) if key.type is float else type(value) is not key.type  # type: ignore[arg-type]
    hint = ""
    if key.choices and isinstance(value, str):
        wrong = value not in key.choices
        close = difflib.get_close_matches(value.lower(), key.choices, n=1)
        near = _CHINESE.get(value) or next(iter(close), "")
        hint = t(f"；是不是想写 {near}？", f"; did you mean {near}?") if near in key.choices else ""
    elif name in SPANS:
        found = seconds(value) if isinstance(value, str) else None
        least = 1.0 if name == "window" else 0.0
        wrong = found is None or not least <= found <= _LONGEST_WINDOW
        if found is not None:
            hint = t(f"，在 {span(least)} 和 31d 之间", f", from {span(least)} to 31d")
        elif number:
            hint = t(f'；是不是想写 "{value}s"？', f'; did you mean "{value}s"?')
    elif name in _RAISED and isinstance(value, dict):
        wrong = not value or not all(
            level in SEVERITIES and type(limit) is int and limit > 0 for level, limit in value.items()
        )
    elif key.type is int and isinstance(value, int):
        wrong = wrong or value < 0
    elif name == "name" and isinstance(value, str):
        if len(value) > _LONGEST_NAME:
            return t(f"name 最多 {_LONGEST_NAME} 个字", f"name has at most {_LONGEST_NAME} characters")
        wrong = not value.strip()
    return t(f"{name} 要写 {key.zh}{hint}", f"{name} must be {key.en}{hint}") if wrong else None


def _misfits(kind: Kind, values: Mapping[str, Any]) -> Iterator[Fault]:
    """Values that are good one by one and make no rule together."""
    measure = values.get("measure", "")
    if measure and kind in MEASURES and measure not in MEASURES[kind]:
        known = MEASURES[kind]
        message = t(
            f"{kind} 规则的 measure 是 {'、'.join(known)}",
            f"measure of a {kind} rule is one of {', '.join(known)}",
        )
        yield Fault("measure", "bad_value", message)
    per = values.get("per", "")
    if per and kind in PERS and per not in PERS[kind]:
        message = t(f"{kind} 规则的 per 只能是 platform", f"per of a {kind} rule can only be platform")
        yield Fault("per", "bad_value", message)
    if kind == "window" and measure and measure not in _RATIOS and "minimum" in values:
        message = t(
            f"minimum 是比例的最小样本，对 {measure} 没有意义，删去这一行",
            f"minimum is the least sample of a ratio and means nothing to {measure}: delete the line",
        )
        yield Fault("minimum", "unused_key", message)
    if measure in _RATIOS and "sentiment" in values:
        message = t(
            f"{measure} 本身就看情感，不能再限定 sentiment，删去这一行",
            f"{measure} is about all tones, so that sentiment cannot be given: delete the line",
        )
        yield Fault("sentiment", "unused_key", message)
    if kind == "cascade" and not any(values.get(key) for key in ("query", "brand")):
        for key in ("sentiment", "reach"):
            if key in values:
                message = t(f"{key} 要和 query 或 brand 一起用", f"{key} needs a query or a brand beside it")
                yield Fault(key, "unused_key", message)
    yield from _bounds(measure, values)
    yield from _levels_rise(values)


def _bounds(measure: str, values: Mapping[str, Any]) -> Iterator[Fault]:
    low, high = _RANGES.get(measure, (0.0, math.inf))
    for key in ("above", "below"):
        if key in values and not low <= values[key] <= high:
            to = t("以上", " or more") if high == math.inf else t(f" 到 {high:g}", f" to {high:g}")
            message = t(
                f"{measure} 的 {key} 要写 {low:g}{to} 的数", f"{key} of {measure} must be {low:g}{to}"
            )
            yield Fault(key, "bad_value", message)
    if "above" in values and "below" in values and values["above"] <= values["below"]:
        message = t(
            "above 不大于 below，任何值都成立；above 要大于 below",
            "above is not greater than below, so that every value holds: make it greater",
        )
        yield Fault("above", "bad_value", message)


def _levels_rise(values: Mapping[str, Any]) -> Iterator[Fault]:
    severity = values.get("severity", "blue")
    for key in _RAISED:
        limits = values.get(key, {})
        levels = sorted(limits, key=SEVERITIES.index)
        if levels and SEVERITIES.index(levels[0]) <= SEVERITIES.index(severity):
            message = t(
                f"{key} 里的 {levels[0]} 不高于 severity 的 {severity}，只写更高的级别",
                f"{levels[0]} in {key} is not above the severity {severity}: name higher ones only",
            )
            yield Fault(key, "bad_value", message)
        elif [limits[level] for level in levels] != sorted(limits.values()):
            message = t(f"{key} 里级别越高，数要越大", f"in {key} a higher severity needs a greater number")
            yield Fault(key, "bad_value", message)
