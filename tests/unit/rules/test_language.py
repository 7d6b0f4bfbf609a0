"""What each construct of the language means, by the reference and by the compiled matcher."""

from typing import Any

import pytest

from streams.rules.evaluate import evaluate
from streams.rules.matcher import Matcher
from streams.rules.parse import parse
from streams.rules.rule import Rule
from streams.text.segment import Segmenter
from tests.unit.rules.material import batch

SEGMENTER = Segmenter()
Spans = list[tuple[int, int, str]]


def judged(query: str, text: str, fields: dict[str, Any] | None = None) -> Spans | None:
    """The spans, None for no match; both ways of finding out must agree."""
    found = evaluate(parse(query), text, lambda field, brand: (fields or {}).get(field), SEGMENTER)
    rule = Rule(name="rule", query=query)
    hits = Matcher([rule], SEGMENTER).match(batch([{**(fields or {}), "text": text}], SEGMENTER)).get(0)
    assert (hits and hits[0].spans) == found
    return None if found is None else [tuple(span) for span in found]  # type: ignore[misc]


def matches(query: str, text: str, fields: dict[str, Any] | None = None) -> bool:
    return judged(query, text, fields) is not None


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("手机", "这个手机的屏幕", True),
        ("手機", "这个手机的屏幕", True),
        ("MI", "mi fan", True),
        ("mi", "family", False),
        ("大麻", "大麻烦", False),
        ("手机 AND 屏幕", "手机和屏幕", True),
        ("手机 屏幕", "手机", False),
        ("手机 OR 屏幕", "屏幕", True),
        ("手机 NOT 屏幕", "手机和屏幕", False),
        ("手机 NOT 屏幕 OR 客服", "客服和屏幕", True),
        ("手机 NOT (屏幕 OR 客服)", "手机和客服", False),
        ("手机 NOT (屏幕 AND 客服)", "手机和客服", True),
        ("NOT NOT 手机", "手机", True),
        ('"机和屏"', "手机和屏幕", True),
        ('"手机 屏幕"', "手机和屏幕", False),
        ('"AND"', "this and that", True),
        ("手机 NOT 手机 NEAR/0 屏幕", "手机的屏幕", True),
        ("手机 NOT 手机 NEAR/0 屏幕", "手机屏幕", False),
    ],
)
def test_terms_phrases_and_operators(query: str, text: str, expected: bool) -> None:
    assert matches(query, text) == expected


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("手机 NEAR/0 屏幕", "手机屏幕", True),
        ("手机 NEAR/0 屏幕", "屏幕，手机", True),
        ("手机 ONEAR/0 屏幕", "屏幕手机", False),
        ("手机 ONEAR/0 屏幕", "手机，。 屏幕", True),
        ("手机 NEAR/0 屏幕", "手机 a 屏幕", False),
        ("手机 NEAR/1 屏幕", "手机 a 屏幕", True),
        ("手机 NEAR/1 屏幕", "手机 a b 屏幕 c 手机", True),
        ("手机 ONEAR/1 屏幕", "手机 a b 屏幕 c 手机", False),
        ("手机 NEAR/2 手机", "手机", False),
        ("手机 NEAR/2 手机", "手机 a 手机", True),
        ("(手机 OR 客服) NEAR/0 (屏幕 OR 发热)", "客服 发热", True),
        ('手机 NEAR/5 "手机"', "手机", False),
        # the pair found first is the left operand of the second step: c next to b, then next to a
        ("a NEAR/0 b NEAR/0 c", "a b c", True),
        ("a NEAR/0 b NEAR/0 c", "c a b", True),
        ("a NEAR/0 b NEAR/0 c", "a c b", False),
        ("a NEAR/1 b NEAR/0 c", "a c b", False),
        ("a ONEAR/0 b ONEAR/0 c", "c a b", False),
        ("a NEAR/1 b NEAR/1 c", "a x b y c", True),
        ("a NEAR/1 b NEAR/0 c", "a x b y c", False),
    ],
)
def test_near(query: str, text: str, expected: bool) -> None:
    assert matches(query, text) == expected


@pytest.mark.parametrize(
    ("query", "fields", "expected"),
    [
        ("platform:微博", {"platform": "微博"}, True),
        ("platform:微", {"platform": "微博"}, False),
        ("platform:qq空间", {"platform": "ＱＱ空间"}, True),
        ('author:"a b"', {"author": "A B"}, True),
        ("title:新品", {"title": "今日新品發布"}, True),
        ("title:新品", {}, False),
        ("verified:true", {"verified": True}, True),
        ("verified:true", {"verified": "True"}, True),
        ("verified:false", {}, False),
        ("verified:false", {"verified": False}, True),
        ("region:广东", {"region": ["广东 深圳", "广东", "深圳"]}, True),
        ("client:iphone", {"client": ""}, False),
        ("followers:100", {"followers": 100}, True),
        ("followers:100", {"followers": "100"}, True),
        ("followers:[100 TO 200]", {"followers": 200}, True),
        ("followers:[100 TO 200]", {"followers": 201}, False),
        ("followers:[100 TO *]", {"followers": 10**18}, True),
        ("followers:[* TO 0]", {"followers": None}, False),
        ("followers:[0 TO 1]", {"followers": True}, False),
        ("followers:[0 TO 1]", {"followers": "many"}, False),
        ("followers:[* TO *]", {"followers": float("nan")}, False),
        ("published:2026-11-30", {"published": "2026-11-30T23:59:59"}, True),
        ("published:2026-11-30", {"published": "2026-11-29T16:00:00Z"}, True),
        ("published:2026-11-30", {"published": "2026-12-01"}, False),
        ("published:[2026-11-01 TO 2026-11-30]", {"published": 1_796_054_399.5}, True),
        ("published:[2026-11-01 TO 2026-11-30]", {"published": 1_796_054_400}, False),
        ("published:[2026-11-30 18:00 TO *]", {"published": "2026-11-30 17:59:59"}, False),
        ("published:[* TO 2026-11-30T18:00]", {"published": "2026-11-30T18:00:59+08:00"}, True),
        ("手机 NOT platform:微博", {}, True),
        ("手机 NOT platform:微博", {"platform": "微博"}, False),
        ("手机 NOT followers:[0 TO *]", {}, True),
    ],
)
def test_fields(query: str, fields: dict[str, Any], expected: bool) -> None:
    assert matches(query, "手机", fields) == expected


def test_terms_do_not_search_fields() -> None:
    assert not matches("微博", "手机", {"platform": "微博", "title": "微博"})


@pytest.mark.parametrize(
    ("query", "text", "spans"),
    [
        ("手机 屏幕", "屏幕和手机和手机", [(0, 2, "exact"), (3, 5, "exact"), (6, 8, "exact")]),
        ("手机 OR 屏幕", "手机", [(0, 2, "exact")]),
        ("手机 NOT 屏幕", "手机", [(0, 2, "exact")]),
        ("手机 NEAR/0 屏幕", "手机 a 手机 屏幕 a a 屏幕", [(5, 7, "exact"), (8, 10, "exact")]),
        ("a NEAR/0 b NEAR/0 c", "a b x a b c", [(6, 7, "exact"), (8, 9, "exact"), (10, 11, "exact")]),
        ("手机 OR 手机", "手机", [(0, 2, "exact")]),
        ("platform:微博", "手机", []),
        ("手机 platform:微博", "\u200b手機", [(1, 3, "exact")]),
        ("/x[0-9]+/", "Ｘ１０ x2", [(0, 3, "exact"), (4, 6, "exact")]),
        ("/手机$/", "我的\u200b手機", [(3, 5, "exact")]),
    ],
)
def test_spans_are_of_the_original_text(query: str, text: str, spans: Spans) -> None:
    assert judged(query, text, {"platform": "微博"}) == spans


def test_a_tilde_finds_evasions() -> None:
    assert not matches("枪", "木仓")
    assert judged("枪~", "买木仓的") == [(1, 3, "split")]


@pytest.mark.timeout(30)
def test_a_text_of_the_same_words_takes_bounded_time() -> None:
    text = "手机 屏幕 客服 " * 8_000
    rules = [
        Rule(name=str(number), query=query)
        for number, query in enumerate(
            [
                "手机 NEAR/1000000 屏幕 NEAR/1000000 客服 NEAR/1000000 手机",
                "手机 ONEAR/1000000 手机",
                "(手机 OR 屏幕) NEAR/500 (客服 OR 发热)",
            ]
        )
    ]
    [hits] = Matcher(rules, SEGMENTER).match(batch([{"text": text}], SEGMENTER)).values()
    assert [hit.rule for hit in hits] == [0, 1, 2]
