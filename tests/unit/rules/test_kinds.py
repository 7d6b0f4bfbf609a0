"""Rules of every kind in files: what each needs, what means nothing to it, and how it is written again."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.rules.check import review
from streams.rules.durations import seconds, span
from streams.rules.files import definition, read
from streams.rules.keys import KEYS, OWN, SHARED
from streams.rules.matcher import Matcher
from streams.rules.rule import KINDS, Rule
from streams.rules.schema import schema
from streams.text.segment import Segmenter

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "rules.v1.json"

GOOD = {
    "post": 'query = "a"\nper = "root"\nby_reach = {orange = 100, red = 1000}\nmax_age = "2h"',
    "window": 'brand = "星曜"\nmeasure = "negative_share"\nabove = 40\nminimum = 50\nwindow = "90s"\nhold = "2m"',
    "spike": 'query = "a"\nbrand = "星曜"\nsentiment = "neg"\nminimum = 30\nby_count = {red = 500}\nper = "platform"',
    "cascade": 'brand = "星曜"\nmeasure = "generation"\nabove = 3\nteam = "公关"',
    "absence": 'platform = "微博"\nwindow = "30m"\nalert = false',
    "silent": 'brand = "星曜"',
}


def source(kind: str, lines: str) -> str:
    return f'[[rule]]\nname = "一"\nkind = "{kind}"\n{lines}\n'


def rule(kind: str, lines: str) -> Rule:
    entries, problems = read(source(kind, lines), "a.toml")
    assert problems == []
    return entries[0].rule


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_of_each_kind_is_read_and_written_again(kind: str) -> None:
    first = rule(kind, GOOD[kind])
    [again] = read(definition(first, 3), "b.toml")[0]
    assert (again.rule, again.base) == (first, 3)


def test_spans_become_seconds_and_windows_have_the_length_of_their_kind() -> None:
    assert rule("post", GOOD["post"]).max_age == 7200
    window = rule("window", GOOD["window"])
    assert (window.window, window.hold) == (90, 120)
    assert rule("window", 'brand = "a"\nmeasure = "count"\nabove = 1').window == 600
    assert rule("absence", "").window == 600
    assert rule("spike", 'brand = "a"').window == 3600
    assert rule("silent", GOOD["silent"]).window == 7 * 86_400
    assert 'window = "90s"' in definition(window)
    assert "window" not in definition(rule("silent", GOOD["silent"]))
    assert "by_reach = {orange = 100, red = 1000}" in definition(rule("post", GOOD["post"]))


def test_a_definition_stored_by_an_older_version_still_reads() -> None:
    stored = b'{"name":"x","query":"y","brand":"","sentiment":"neg","reach":5,"severity":"red","enabled":true,"description":""}'
    assert msgspec.json.decode(stored, type=Rule) == Rule(
        name="x", query="y", sentiment="neg", reach=5, severity="red"
    )


@pytest.mark.parametrize(
    ("kind", "lines", "code", "place", "hint"),
    [
        ("windw", 'query = "a"', "bad_value", (3, 8), "是不是想写 window"),
        ("数据中断", 'query = "a"', "bad_value", (3, 8), "是不是想写 absence"),
        ("window", 'query = "a"\nabove = 1', "missing_key", (1, 1), "缺少 measure"),
        ("window", 'query = "a"\nmeasure = "count"', "missing_key", (1, 1), "缺少 above 或 below"),
        ("window", 'measure = "count"\nabove = 1', "missing_key", (1, 1), "缺少 query 或 brand"),
        ("window", 'query = ""\nmeasure = "count"\nabove = 1\nbrand = ""', "missing_key", (4, 9), "query 或 brand"),
        ("spike", 'sentiment = "neg"', "missing_key", (1, 1), "缺少 query 或 brand"),
        ("cascade", "above = 3", "missing_key", (1, 1), "缺少 measure"),
        ("cascade", 'measure = "growth"', "missing_key", (1, 1), "缺少 above"),
        ("silent", 'platform = "微博"', "missing_key", (1, 1), "缺少 brand"),
        ("post", 'brand = "a"', "missing_key", (1, 1), "缺少 query"),
        ("post", 'query = "a"\nwindow = "10m"', "unused_key", (5, 1), "window、cascade、absence、silent"),
        ("post", 'query = "a"\nplatform = "微博"', "unused_key", (5, 1), "platform:微博"),
        ("spike", 'brand = "a"\nabove = 3', "unused_key", (5, 1), "删去"),
        ("absence", 'brand = "a"', "unused_key", (4, 1), "删去"),
        ("cascade", 'measure = "growth"\nabove = 3\nreach = 5', "unused_key", (6, 1), "query 或 brand"),
        ("window", 'brand = "a"\nmeasure = "growth"\nabove = 1', "bad_value", (5, 11), "count、negative_share"),
        ("cascade", 'measure = "count"\nabove = 1', "bad_value", (4, 11), "generation、growth"),
        ("window", 'brand = "a"\nmeasure = "声量"\nabove = 1', "bad_value", (5, 11), "是不是想写 count"),
        ("window", 'brand = "a"\nmeasure = "count"\nabove = 1\nminimum = 5', "unused_key", (7, 1), "比例"),
        ("window", 'brand = "a"\nmeasure = "nsr"\nbelow = 1\nsentiment = "neg"', "unused_key", (7, 1), "sentiment"),
        ("window", 'brand = "a"\nmeasure = "nsr"\nbelow = -101', "bad_value", (6, 9), "-100 到 100"),
        ("window", 'brand = "a"\nmeasure = "count"\nabove = -1', "bad_value", (6, 9), "0以上"),
        ("window", 'brand = "a"\nmeasure = "count"\nabove = 1\nbelow = 2', "bad_value", (6, 9), "任何值都成立"),
        ("window", 'brand = "a"\nmeasure = "count"\nabove = "9"', "bad_value", (6, 9), "above = 100"),
        ("window", 'brand = "a"\nmeasure = "count"\nabove = inf', "bad_value", (6, 9), "数字"),
        ("absence", "window = 600", "bad_value", (4, 10), '是不是想写 "600s"'),
        ("absence", 'window = "10 minutes"', "bad_value", (4, 10), 'window = "10m"'),
        ("absence", 'window = "0s"', "bad_value", (4, 10), "1s 和 31d 之间"),
        ("absence", 'window = "99d"', "bad_value", (4, 10), "1s 和 31d 之间"),
        ("spike", 'brand = "a"\nper = "author"', "bad_value", (5, 7), "platform"),
        ("post", 'query = "a"\nper = "作者"', "bad_value", (5, 7), "是不是想写 author"),
        ("post", 'query = "a"\nby_reach = {pink = 1}', "bad_value", (5, 12), "red = 1000"),
        ("post", 'query = "a"\nby_reach = {red = 0}', "bad_value", (5, 12), "red = 1000"),
        ("post", 'query = "a"\nseverity = "red"\nby_count = {orange = 9}', "bad_value", (6, 12), "不高于 severity"),
        ("post", 'query = "a"\nby_count = {orange = 9, red = 8}', "bad_value", (5, 12), "级别越高，数要越大"),
        ("post", 'query = ""', "empty_query", (4, 10), ""),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_its_place(
    kind: str, lines: str, code: str, place: tuple[int, int], hint: str
) -> None:
    entries, problems = read(source(kind, lines), "a.toml")
    assert entries == []
    [problem] = problems
    assert (problem.code, problem.line, problem.column) == (code, *place)
    assert hint in problem.message
    assert len(problem.message) <= 140


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_is_read_by_a_kind_or_refused(kind: str) -> None:
    sample: dict[type, Any] = {str: '"a"', int: 1, bool: "true", float: 1, dict: "{red = 9}"}
    known = {*SHARED, *OWN[kind]}  # type: ignore[index]
    for name, key in KEYS.items():
        value = f'"{key.choices[0]}"' if key.choices else sample[key.type]
        value = '"10m"' if name in ("window", "hold", "max_age") else value
        lines = f"{name} = {value}" if name not in ("name", "kind") else ""
        lines += '\nbrand = "a"' if name in ("sentiment", "reach") else ""
        codes = {
            problem.code for problem in read(source(kind, lines), "a.toml")[1] if name in problem.message
        }
        assert ("unused_key" in codes) == (name not in known), name


def test_a_rule_without_a_query_matches_no_post_and_one_with_it_does() -> None:
    rules = [rule("window", GOOD["window"]), rule("spike", GOOD["spike"]), rule("absence", "")]
    matcher = Matcher(rules, Segmenter(()))
    assert [index for index, one in enumerate(rules) if one.tree() is not None] == [1]
    assert len(matcher.rules) == 3


def test_severity_rises_with_reach_and_number() -> None:
    one = Rule(name="x", severity="yellow", by_reach={"orange": 100, "red": 1000}, by_count={"red": 50})
    assert one.raised() == "yellow"
    assert one.raised(followers=99, count=49) == "yellow"
    assert one.raised(followers=100) == "orange"
    assert one.raised(followers=100, count=50) == "red"
    assert one.raised(followers=10**6) == "red"


def test_bounds_include_themselves() -> None:
    one = Rule(name="x", above=10, below=-5)
    assert [one.holds(value) for value in (10, 9.9, -4.9, -5, None)] == [True, False, False, True, False]


@pytest.mark.parametrize(
    ("text", "found"),
    [("90s", 90), ("10m", 600), ("1.5h", 5400), (" 7d ", 604_800), ("2w", 1_209_600), ("10 m", 600)],
)
def test_spans(text: str, found: float) -> None:
    assert seconds(text) == found


def test_spans_are_written_in_the_largest_unit_that_fits() -> None:
    assert list(map(span, (0, 45, 90, 600, 3600, 86_400))) == ["0s", "45s", "90s", "10m", "1h", "1d"]
    for text in ("", "10", "m", "-5m", "5 minutes", "１０分"):
        assert seconds(text) is None


def test_doubts_about_windows() -> None:
    lines = 'kind = "window"\nbrand = "星曜"\nmeasure = "negative_share"\nabove = '
    entries, problems = read(
        f'[[rule]]\nname = "一"\n{lines}0.4\n[[rule]]\nname = "二"\n{lines}40\n'
        f'[[rule]]\nname = "三"\nseverity = "red"\n{lines}40\n[[rule]]\nname = "四"\nhold = "1m"\n{lines}40\n',
        "a.toml",
    )
    assert problems == []
    found = review(entries, (), ["星曜"])
    assert [(problem.code, problem.rule, problem.line) for problem in found] == [
        ("per_cent", "一", 6),
        ("competing_rule", "三", 14),
    ]
    assert "是不是想写 40" in found[0].message


def test_the_schema_for_editors_is_current_and_knows_the_same_keys() -> None:
    assert json.loads(SCHEMA.read_text("utf-8")) == schema(), (
        "run python -m streams.rules.schema > docs/schemas/rules.v1.json"
    )
    kinds = {one["title"]: one for one in schema()["properties"]["rule"]["items"]["oneOf"]}
    assert kinds.keys() == set(KINDS)
    for kind, lines in GOOD.items():
        given = tomllib.loads(source(kind, lines))["rule"][0]
        assert given.keys() <= kinds[kind]["properties"].keys()
        assert set(kinds[kind]["required"]) <= given.keys()


def test_the_examples_of_the_page_are_rules() -> None:
    page = (SCHEMA.parents[1] / "rules.md").read_text("utf-8")
    examples = "\n".join(re.findall(r"```toml\n(.*?)```", page, re.DOTALL))
    entries, problems = read(examples, "rules.md")
    assert problems == []
    assert {entry.rule.kind for entry in entries} == set(KINDS)
