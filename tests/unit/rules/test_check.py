import pytest

from streams.rules.check import canonical, review
from streams.rules.files import read
from streams.rules.parse import parse

STOPWORDS = frozenset({"的", "什么", "the"})


def warnings(*rules: str, brands: tuple[str, ...] = ()) -> list[tuple[str, int]]:
    """Codes and columns in the query, of rules given as a query and further lines."""
    source = "".join(
        f"[[rule]]\nname = '{number}'\nquery = '''{rule.partition(chr(10))[0]}'''\n{rule.partition(chr(10))[2]}\n"
        for number, rule in enumerate(rules)
    )
    entries, problems = read(source, "a.toml")
    assert problems == []
    found = review(entries, STOPWORDS, brands)
    assert all(problem.level == "warning" for problem in found)
    return [(problem.code, problem.column - len("query = '''")) for problem in found]


@pytest.mark.parametrize(
    ("query", "column"),
    [
        ("的", 1),
        ("the", 1),
        ("手机 OR 什么", 7),
        ("什么 的 NOT 手机", 1),
        ("好", 1),
        ("a OR 手机", 1),
        ("/x*/", 1),
        ("手机 OR (platform:微博 的)", 8),
        ("，", 1),
    ],
)
def test_a_rule_for_nearly_everything_is_flagged(query: str, column: int) -> None:
    assert warnings(query) == [("matches_everything", column)]


@pytest.mark.parametrize("query", ["platform:微博", "platform:微博 NOT 手机", "(verified:true likes:1)"])
def test_a_rule_of_fields_alone_is_flagged(query: str) -> None:
    assert [code for code, _ in warnings(query)] == ["only_field"]


@pytest.mark.parametrize(
    "query",
    [
        "手机",
        "手机 的",
        "好 NEAR/2 的",
        "强~ 手机",
        "😀",
        "手机 OR platform:微博 屏幕",
        "/[0-9]+元/",
        '"the one"',
    ],
)
def test_a_good_rule_is_not(query: str) -> None:
    assert warnings(query) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("手机 and 屏幕", [("not_an_operator", 4)]),
        ("手机 ADN 屏幕", [("not_an_operator", 4)]),
        ("手机 || 屏幕", [("not_an_operator", 4)]),
        ("手机 -屏幕", [("not_an_operator", 4)]),
        ('手机 "and" 屏幕', []),
        ("手机 sentiment:negative", [("unknown_value", 4)]),
        ("手机 verified:ture", [("unknown_value", 4)]),
        ("手机 NOT 手机", [("never_matches", 4)]),
        ("(手机 OR 屏幕) NOT (屏幕 OR 手机)", []),
        ("客服 OR (手机 屏幕 NOT 手機)", [("never_matches", 14)]),
    ],
)
def test_what_was_probably_not_meant(query: str, expected: list[tuple[str, int]]) -> None:
    assert warnings(query) == expected


def test_rules_that_ask_the_same() -> None:
    assert warnings("手机 OR 屏幕", "屏幕 OR (手機)") == [("duplicate_rule", 1)]
    assert warnings("手机", '手机\nseverity = "red"') == [("competing_rule", 1)]
    assert warnings("手机", "手机\nreach = 5", "手机~", '"手机"') == []


def test_a_brand_without_profile() -> None:
    assert [code for code, _ in warnings('手机\nbrand = "星耀"', brands=("星曜",))] == ["unknown_brand"]
    assert warnings('手机\nbrand = "星曜"', brands=("星曜",)) == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a b", "B AND a", True),
        ("a OR b OR a", "b OR a", True),
        ("(a OR b) NEAR/2 c", "(b OR a) NEAR/2 c", True),
        ("a NEAR/2 b", "a ONEAR/2 b", False),
        ("a", '"a"', False),
        ("NOT NOT a", "a", True),
        ("c NOT (a OR b)", "c NOT b NOT a", True),
    ],
)
def test_equal_meanings_have_one_form(one: str, other: str, same: bool) -> None:
    assert (canonical(parse(one)) == canonical(parse(other))) == same
