"""A view is what an address says, in Grafana's own parameters."""

import contextlib
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.boards.board import load_all
from streams.boards.panels import Range
from streams.config import shipped
from streams.web.problems import Problem
from streams.web.views import View, parse

BOARD = next(board for _, board in load_all(shipped("dashboards")) if board.uid == "koubei-overview")
NOW = 1_800_000_000.0


def test_the_board_says_where_to_begin() -> None:
    view = parse(BOARD, [])
    assert (view.start, view.stop, view.live) == ("now-15m", "now", True)
    assert view.span(NOW) == Range(1_799_999_100_000, 1_800_000_000_000)


@pytest.mark.parametrize(
    ("start", "seconds"), [("now-15m", 900), ("now-6h", 21_600), ("now-7d", 604_800), ("now-30s", 30)]
)
def test_relative_ranges(start: str, seconds: int) -> None:
    span = parse(BOARD, [("from", start)]).span(NOW)
    assert span.stop - span.start == seconds * 1000


def test_absolute_ranges_stand_still() -> None:
    view = parse(BOARD, [("from", "1400000000000"), ("to", "1400000600000")])
    assert not view.live
    assert view.span(NOW) == view.span(NOW + 1000) == Range(1_400_000_000_000, 1_400_000_600_000)


@pytest.mark.parametrize(
    "query",
    [
        [("from", "now"), ("to", "now-1h")],
        [("from", "yesterday")],
        [("from", "now-1y")],
        [("from", "-1")],
        [("from", "now-9999w")],
        [("from", "1400000600000"), ("to", "1400000000000")],
        [("to", "now; DROP")],
        [("from", "١٤٠٠٠٠٠٠٠٠٠٠")],
    ],
)
def test_wrong_ranges_are_said(query: list[tuple[str, str]]) -> None:
    with pytest.raises(Problem) as caught:
        parse(BOARD, query)
    assert caught.value.status == 400


def test_the_same_choice_is_the_same_view() -> None:
    one = parse(BOARD, [("var-brand", "乙"), ("var-brand", "甲"), ("var-platform", "$__all"), ("lang", "en")])
    two = parse(BOARD, [("var-platform", ""), ("var-brand", "甲"), ("var-brand", "乙"), ("var-brand", "甲")])
    assert one == two
    assert one.values == {"brand": ("乙", "甲")}


@given(
    st.lists(st.tuples(st.sampled_from(["from", "to", "var-brand", "x"]), st.text(max_size=20)), max_size=5)
)
def test_nothing_but_a_problem_comes_of_nonsense(query: Iterable[tuple[str, str]]) -> None:
    with contextlib.suppress(Problem):
        assert isinstance(parse(BOARD, query), View)
