import pytest

from streams.text.analyse import analyse
from streams.text.journey import Journey
from streams.text.lexicons import INTENTS, STAGES, Sign
from streams.text.toolkit import Toolkit

SIGNS = {
    "种草": Sign("notice", ""),
    "下单": Sign("buy", "purchase"),
    "推荐": Sign("share", ""),
    "求推荐": Sign("search", "question"),
    "退款": Sign("scold", "complaint"),
    "？": Sign("", "question"),
}


@pytest.mark.parametrize(
    ("text", "score", "expected"),
    [
        ("种草了", 0.0, ("notice", "")),
        ("种草很久，下单了，推荐", 0.5, ("share", "purchase")),
        ("推荐", -0.5, ("", "")),
        ("求推荐", 0.0, ("search", "question")),
        ("要求退款", -0.5, ("scold", "complaint")),
        ("退款多久到？", 0.0, ("", "question")),
        ("下单前问一句？", 0.0, ("buy", "purchase")),
        ("没说什么", 0.0, ("", "")),
        ("", 0.0, ("", "")),
    ],
)
def test_the_furthest_stage_and_the_strongest_intent(
    text: str, score: float, expected: tuple[str, str]
) -> None:
    stages, intents = Journey(SIGNS).read(["下单", text, "种草"], [0.0, score, 0.0])
    assert (stages[1], intents[1]) == expected
    assert (stages[0], stages[2]) == ("buy", "notice")


@pytest.mark.parametrize(
    ("text", "stage", "intent"),
    [
        ("被种草星曜X1了", "notice", ""),
        ("星曜X1和云岭S9选哪个？", "search", "question"),
        ("星曜X1开箱", "review", ""),
        ("刚下单了星曜X1", "buy", "purchase"),
        ("星曜X1用了半年，一直很稳", "use", ""),
        ("星曜X1太好用了，推荐给大家", "share", ""),
        ("星曜X1垃圾，客服踢皮球，我要投诉", "scold", "complaint"),
        ("今天下雨", "", ""),
    ],
)
def test_the_shipped_words_tell_stage_and_intent(
    text: str, stage: str, intent: str, toolkit: Toolkit
) -> None:
    result = analyse([text], toolkit)
    assert (result.stage, result.intent) == ([stage], [intent])


def test_every_stage_and_intent_has_words(toolkit: Toolkit) -> None:
    signs = toolkit.lexicons.journey.values()
    assert {sign.stage for sign in signs} - {""} == set(STAGES)
    assert {sign.intent for sign in signs} - {""} == set(INTENTS)
