"""Macros mean what they mean in Grafana, and no chosen value gets out of its quotes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.boards.macros import ALL, BadMacro, Window, expand, interval, literal

WINDOW = Window(1_700_000_000_123, 1_700_003_600_456, 60)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("$__timeFilter(at)", "at >= toDateTime(1700000000) AND at <= toDateTime(1700003600)"),
        (
            "$__timeFilter_ms(p.at)",
            "p.at >= fromUnixTimestamp64Milli(1700000000123) AND p.at <= fromUnixTimestamp64Milli(1700003600456)",
        ),
        ("$__timeInterval(at)", "toStartOfInterval(toDateTime(at), INTERVAL 60 second)"),
        (
            "$__timeInterval_ms(at)",
            "toStartOfInterval(toDateTime64(at, 3), INTERVAL 60000 millisecond)",
        ),
        ("$__fromTime, $__toTime", "toDateTime(1700000000), toDateTime(1700003600)"),
        ("$__fromTime_ms", "fromUnixTimestamp64Milli(1700000000123)"),
        ("n / $__interval_s", "n / 60"),
        ("$__timeFilter(f(a, b))", None),
        ("WHERE x = '$__fromTime'", "WHERE x = '$__fromTime'"),
    ],
)
def test_times(sql: str, expected: str | None) -> None:
    if expected is None:
        assert (
            expand(sql, WINDOW, {})
            == "f(a, b) >= toDateTime(1700000000) AND f(a, b) <= toDateTime(1700003600)"
        )
    else:
        assert expand(sql, WINDOW, {}) == expected


def test_conditional_all() -> None:
    sql = "WHERE $__conditionalAll(brand IN (${brand:singlequote}), $brand)"
    assert expand(sql, WINDOW, {"brand": ["甲", "乙"]}) == "WHERE brand IN ('甲','乙')"
    assert expand(sql, WINDOW, {"brand": [ALL]}) == "WHERE 1=1"
    assert expand(sql, WINDOW, {"brand": []}) == "WHERE 1=1"


def test_conditions_may_stand_inside_each_other() -> None:
    sql = "$__conditionalAll(a = 1 AND $__conditionalAll(b = 2, $q), $p)"
    assert expand(sql, WINDOW, {"p": ["x"], "q": [ALL]}) == "a = 1 AND 1=1"


def test_all_is_written_as_every_listed_value() -> None:
    assert (
        expand("x IN (${stop:singlequote})", WINDOW, {"stop": [ALL]}, {"stop": ["的", "了"]})
        == "x IN ('的','了')"
    )
    assert expand("x IN (${stop:singlequote})", WINDOW, {"stop": [ALL]}) == "x IN ('')"


def test_a_word_may_complete_a_name() -> None:
    assert expand("FROM posts_${view:raw}", WINDOW, {"view": ["organic"]}) == "FROM posts_organic"
    for values in (["x; DROP"], ["a b"], ["latest", "organic"], [ALL], ["posts)"], ["'"], [""], ["名"]):
        with pytest.raises(BadMacro):
            expand("FROM posts_${view:raw}", WINDOW, {"view": values})


@pytest.mark.parametrize(
    "sql",
    [
        "$__timeGroup(at)",
        "$__columns(a, b)",
        "$brand",
        "${brand}",
        "${brand:raw}",
        "${other:singlequote}",
        "$__timeFilter(at",
        "$__timeFilter()",
        "$__timeFilter(a, b)",
        "$__conditionalAll(a)",
        "$__conditionalAll(a, 'b')",
        "$",
    ],
)
def test_what_is_not_known_is_refused(sql: str) -> None:
    with pytest.raises(BadMacro):
        expand(sql, WINDOW, {"brand": ["甲"]})


@pytest.mark.parametrize("value", ["x" * 257, "a\nb", "a\x00b"])
def test_unacceptable_values_are_refused(value: str) -> None:
    with pytest.raises(BadMacro):
        expand("1", WINDOW, {"brand": [value]})


HOSTILE = st.text(
    st.one_of(
        st.sampled_from("'\\\"`;-#/*${}()_,$'\\\\''"),
        st.characters(min_codepoint=32, exclude_categories=["Cs"]),
    ),
    max_size=60,
) | st.sampled_from(
    ["'; DROP TABLE posts --", "\\'", "\\", "$__fromTime", "${brand:singlequote}", "$__all'", "')) OR 1=1"]
)


def unquote(text: str) -> tuple[str, str]:
    """Read one literal the way ClickHouse does: the value and what follows."""
    assert text.startswith("'")
    value, position = "", 1
    while text[position] != "'":
        if text[position] == "\\":
            position += 1
        value += text[position]
        position += 1
    return value, text[position + 1 :]


@given(HOSTILE)
def test_a_literal_reads_back_as_the_value(value: str) -> None:
    assert unquote(literal(value)) == (value, "")


@given(st.lists(HOSTILE.filter(lambda v: ALL not in (v,)), min_size=1, max_size=4))
def test_values_never_leave_their_quotes(values: list[str]) -> None:
    sql = "SELECT 1 WHERE $__conditionalAll(b IN (${brand:singlequote}), $brand) AND $__timeFilter(at)"
    if values == [""]:
        return
    rest = expand(sql, WINDOW, {"brand": values}).removeprefix("SELECT 1 WHERE b IN (")
    for index, value in enumerate(values):
        read, rest = unquote(rest)
        assert read == value
        if index < len(values) - 1:
            rest = rest.removeprefix(",")
    assert rest == ") AND at >= toDateTime(1700000000) AND at <= toDateTime(1700003600)"


@given(st.integers(0, 10**13), st.integers(1, 10**12), st.integers(1, 500), st.integers(1, 60))
def test_intervals_are_round_and_few(start: int, length: int, points: int, least: int) -> None:
    step = interval(start, start + length, points, least)
    assert step >= least
    assert length / 1000 / step <= points or step == 31_536_000
