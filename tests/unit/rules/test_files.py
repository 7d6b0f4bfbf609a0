from pathlib import Path

import pytest

from streams.errors import BadConfig
from streams.rules.files import Problem, definition, load, read, read_all
from streams.rules.rule import Rule

GOOD = """
[[rule]]
name = "一"
query = '手机 OR "屏 幕"'

[[rule]]
name = "二"
query = '''
手机
NOT platform:微博'''
brand = "星曜"
sentiment = "neg"
reach = 100
severity = "red"
enabled = false
description = "…"
"""


def places(source: str) -> list[tuple[str, int, int]]:
    return [(problem.code, problem.line, problem.column) for problem in read(source, "a.toml")[1]]


def test_reads_rules() -> None:
    entries, problems = read(GOOD, "a.toml")
    assert problems == []
    assert [entry.rule for entry in entries] == [
        Rule(name="一", query='手机 OR "屏 幕"'),
        Rule(
            name="二", query="手机\nNOT platform:微博", brand="星曜", sentiment="neg", reach=100,
            severity="red", enabled=False, description="…",
        ),
    ]  # fmt: skip


def test_a_definition_reads_as_the_rule_again() -> None:
    for entry in read(GOOD, "a.toml")[0]:
        written = definition(entry.rule)
        [again] = read(written, "b.toml")[0]
        assert again.rule == entry.rule
    assert definition(Rule(name="a", query='"b" c')) == '[[rule]]\nname = "a"\nquery = "\\"b\\" c"\n'


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("query = '手机 authr:x'", (3, 13)),
        ('query = "手机 authr:x"', (3, 13)),
        ('query = "\\"手机\\" authr:x"', (3, 17)),
        ('query = "\\u624b\\u673a authr:x"', (3, 23)),
        ("query = '''\n手机\n  authr:x'''", (5, 3)),
        ('query = """\n手机 \\\n   OR authr:x"""', (5, 7)),
        ("query=   'authr:x'   # why", (3, 11)),
    ],
)
def test_the_column_of_a_query_becomes_a_place_in_the_file(query: str, place: tuple[int, int]) -> None:
    source = f'[[rule]]\nname = "一"\n{query}\n'
    assert places(source) == [("unknown_field", *place)]
    assert places(source.replace("\n", "\r\n")) == [("unknown_field", *place)]


@pytest.mark.parametrize(
    ("lines", "code", "place", "hint"),
    [
        ('severty = "red"', "unknown_key", (4, 1), "是不是想写 severity"),
        ('severity = "橙"', "bad_value", (4, 12), "是不是想写 orange"),
        ('severity = "Red"', "bad_value", (4, 12), "是不是想写 red"),
        ('sentiment = "负面"', "bad_value", (4, 13), "是不是想写 neg"),
        ("reach = -1", "bad_value", (4, 9), "不小于 0"),
        ("reach = true", "bad_value", (4, 9), "不小于 0"),
        ('enabled = "yes"', "bad_value", (4, 11), "true 或 false"),
        ("brand = 1", "bad_value", (4, 9), "文字"),
    ],
)
def test_a_wrong_value_is_named_with_what_to_write(
    lines: str, code: str, place: tuple[int, int], hint: str
) -> None:
    [problem] = read(f"[[rule]]\nname = '一'\nquery = 'a'\n{lines}\n", "a.toml")[1]
    assert (problem.code, problem.line, problem.column, problem.rule) == (code, *place, "一")
    assert hint in problem.message


def test_a_broken_file_says_where() -> None:
    assert places("[[rule]]\nname = \n") == [("bad_toml", 2, 8)]
    assert places('rules = 1\n[[rule]]\nname = "a"\nquery = "b"') == [("unknown_key", 1, 1)]
    assert places("rule = 1") == [("bad_value", 1, 1)]
    assert places('[[rule]]\nname = "a"') == [("missing_key", 1, 1)]
    assert places('[[rule]]\nname = "  "\nquery = "b"') == [("bad_value", 2, 8)]
    assert read("", "a.toml") == ([], [])


def test_one_mistake_leaves_the_other_rules() -> None:
    entries, problems = read(GOOD.replace("屏 幕", ""), "a.toml")
    assert [entry.rule.name for entry in entries] == ["二"]
    assert [problem.code for problem in problems] == ["empty_phrase"]


def test_names_are_unique_over_all_files(tmp_path: Path) -> None:
    first, second, none = tmp_path / "a.toml", tmp_path / "b.toml", tmp_path / "c.toml"
    first.write_text('[[rule]]\nname = "一"\nquery = "a"\n', "utf-8")
    second.write_text('\n[[rule]]\nname = "一"\nquery = "b"\n', "utf-8-sig")
    entries, problems = read_all([first, second, none])
    assert [entry.rule.query for entry in entries] == ["a"]
    assert [(problem.file, problem.code) for problem in problems] == [
        (str(second), "duplicate_name"),
        (str(none), "unreadable"),
    ]
    assert f"{first}:2:8" in problems[0].message


def test_loading_stops_at_the_first_mistake(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "a.toml").write_text(GOOD, "utf-8")
    assert [rule.name for rule in load([tmp_path, tmp_path / "none"])] == ["一", "二"]
    (folder / "b.toml").write_text("[[rule]]\nname = '三'\nquery = '(a'\n", "utf-8")
    with pytest.raises(BadConfig, match=r"b\.toml:3:10 .*\)"):
        load([tmp_path])


def test_a_problem_reads_as_editors_expect() -> None:
    assert str(Problem("a.toml", 3, 4, "x", "what")) == "a.toml:3:4 what"
