from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from streams.rules import lookout, matcher
from streams.rules.evaluate import evaluate
from streams.rules.matcher import Hit, Matcher
from streams.rules.mistakes import QueryError
from streams.rules.rule import Rule
from streams.text.segment import Segmenter
from tests.unit.rules.material import batch, posts, queries

SEGMENTER = Segmenter()
POSTS = 25
RULES = 4
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""A failure of this size takes minutes to shrink, and one post of it says enough."""


def rules(written: list[str]) -> list[Rule]:
    """Rules for the queries that are none but negations."""
    made = []
    for number, query in enumerate(written):
        rule = Rule(name=str(number), query=query)
        try:
            rule.tree()
        except QueryError as error:
            if error.code != "pure_negation":
                raise
            continue
        made.append(rule)
    return made


def expected(made: list[Rule], rows: list[dict[str, Any]]) -> dict[int, list[Hit]]:
    matched: dict[int, list[Hit]] = {}
    trees = [tree for rule in made if (tree := rule.tree()) is not None]
    for row, post in enumerate(rows):

        def read(field: str, brand: str, post: dict[str, Any] = post) -> object:
            return post.get(field)

        for index, tree in enumerate(trees):
            spans = evaluate(tree, post["text"], read, SEGMENTER)
            if spans is not None:
                matched.setdefault(row, []).append(Hit(index, spans))
    return matched


@pytest.mark.parametrize("evasions", [False, True], ids=["plain", "evasions"])
@pytest.mark.parametrize("sample", [lookout.SAMPLE, 10], ids=["guessed", "counted"])
def test_equals_the_evaluator_on_thousands_of_random_pairs(
    evasions: bool, sample: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matcher, "SAMPLE", sample)
    monkeypatch.setattr(lookout, "SAMPLE", sample)
    pairs = hits = 0

    @settings(max_examples=40, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
    @given(
        written=st.lists(queries(evasions=evasions), min_size=RULES, max_size=RULES),
        rows=st.lists(posts, min_size=POSTS, max_size=POSTS),
    )
    def check(written: list[str], rows: list[dict[str, Any]]) -> None:
        nonlocal pairs, hits
        made = rules(written)
        matched = Matcher(made, SEGMENTER).match(batch(rows, SEGMENTER))
        assert matched == expected(made, rows)
        pairs += len(made) * len(rows)
        hits += sum(map(len, matched.values()))

    check()
    assert pairs > 2_500
    assert hits > pairs / 100, "random pairs that hardly ever match show nothing"


@given(st.lists(posts, max_size=12), st.integers(1, 5))
@settings(max_examples=20, deadline=None)
def test_how_a_batch_is_cut_changes_nothing(rows: list[dict[str, Any]], size: int) -> None:
    queries = [
        "手机 OR 发热~",
        "好 NEAR/3 屏幕",
        "followers:[2 TO *]",
        "/x[0-9]/ NOT 客服",
        "(mi OR pro) NOT platform:微博",
    ]
    compiled = Matcher(rules(queries), SEGMENTER)
    whole = compiled.match(batch(rows, SEGMENTER))
    pieces = {
        start + row: hits
        for start in range(0, len(rows), size)
        for row, hits in compiled.match(batch(rows[start : start + size], SEGMENTER)).items()
    }
    assert pieces == whole


def test_no_rules_and_no_posts() -> None:
    assert Matcher([], SEGMENTER).match(batch([{"text": "手机"}], SEGMENTER)) == {}
    assert Matcher([Rule(name="a", query="手机")], SEGMENTER).match(batch([], SEGMENTER)) == {}


def test_each_rule_answers_for_itself() -> None:
    made = [
        Rule(name=f"r{number}", query=query)
        for number, query in enumerate(["手机", "屏幕", "手机 OR 屏幕"] * 40)
    ]
    [hits] = Matcher(made, SEGMENTER).match(batch([{"text": "屏幕"}], SEGMENTER)).values()
    assert [hit.rule for hit in hits] == [number for number in range(120) if number % 3]
    assert {hit.first for hit in hits} == {(0, 2, "exact")}
