from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.config import shipped
from streams.text.analyse import Analysis, analyse
from streams.text.sentiment.base import confidence
from streams.text.toolkit import Toolkit, build
from tests.unit.text.sample import SAMPLE

CASES = [
    line.split("\t")
    for line in (Path(__file__).with_name("brand_cases.tsv")).read_text("utf-8").splitlines()[1:]
]
FLOOR = 0.85
"""Share of the cases that must be right. Their author also wrote the lexicon: take it for an upper bound."""


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Toolkit:
    folder = tmp_path_factory.mktemp("own")
    (folder / "brands").mkdir()
    for name in ("三星", "华光"):
        (folder / "brands" / f"{name}.toml").write_text(
            f'name = "{name}"\nversion = 1\nlicence = "MIT"\n', encoding="utf-8"
        )
    return build(sentiment="hybrid", lexicons=[shipped("lexicons"), folder])


def toward(result: Analysis, row: int, brand: str) -> str:
    labels = dict(zip(result.brands[row], result.brand_sentiments[row], strict=True))
    return labels.get(brand, "not mentioned")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("三星好，别家都烂", {"三星": "pos"}),
        ("星曜X1拍照真不错，云岭的太糊了", {"星曜": "pos", "云岭": "neg"}),
        ("星曜比云岭好用", {"星曜": "pos", "云岭": "neg"}),
        ("星曜比云岭卡", {"星曜": "neg", "云岭": "pos"}),
        ("星曜不如云岭", {"星曜": "neg", "云岭": "pos"}),
        ("星曜没有云岭好用", {"星曜": "neg", "云岭": "pos"}),
        ("比起云岭星曜更流畅", {"云岭": "neg", "星曜": "pos"}),
        ("星曜吊打云岭", {"星曜": "pos", "云岭": "neg"}),
        ("星曜和云岭都很流畅", {"星曜": "pos", "云岭": "pos"}),
        ("星曜外观漂亮但云岭发热严重", {"星曜": "pos", "云岭": "neg"}),
        ("发热严重，握着烫手。就是这台星曜X1", {"星曜": "neg"}),
        ("老板天天骂人烦死了，还好星曜X1续航不错", {"星曜": "pos"}),
        ("云岭 S9 Plus用着很流畅，推荐", {"云岭": "pos"}),
        ("三星和华光选哪个", {"三星": "neu", "华光": "neu"}),
        ("和云岭比起来星曜流畅多了", {"云岭": "neg", "星曜": "pos"}),
        ("星曜的生态云岭还追不上", {"星曜": "pos", "云岭": "neg"}),
        ("星曜快发售吧，等不及了", {"星曜": "pos"}),
        ("期待了很久的星曜，结果到手就死机，失望透顶", {"星曜": "neg"}),
        ("被星曜种草了吗", {"星曜": "neu"}),
        ("星曜宣布召回部分充电器", {"星曜": "neu"}),
        ("星曜宣布涨价，真恶心", {"星曜": "neg"}),
        ("星曜将于9月12日举行新品发布会", {"星曜": "neu"}),
        ("周末去看北极光，真美", {}),
        ("星曜拍照真强，跟云岭不是一个级别", {"星曜": "pos", "云岭": "neg"}),
        ("星曜跟云岭没法比", {"星曜": "neg", "云岭": "pos"}),
        ("星曜比云岭带派", {"星曜": "pos", "云岭": "neg"}),
        ("星曜比云岭早发布一个月", {"星曜": "neu", "云岭": "neu"}),
        ("把云岭卖了换星曜", {"云岭": "neg", "星曜": "pos"}),
        ("星曜三分钟充满，云岭卡得要命", {"星曜": "pos", "云岭": "neg"}),
        ("星曜真好用，云岭停在桌上", {"星曜": "pos", "云岭": "neu"}),
    ],
)
def test_tone_toward_each_brand(text: str, expected: dict[str, str], tools: Toolkit) -> None:
    result = analyse([text], tools)
    assert dict(zip(result.brands[0], result.brand_sentiments[0], strict=True)) == expected


def test_the_whole_text_and_the_brand_may_differ(tools: Toolkit) -> None:
    result = analyse(["三星好，别家都烂，又卡又丑，后悔死了"], tools)
    assert result.sentiment == ["neg"]
    assert result.brand_sentiments == [["pos"]]


@pytest.mark.parametrize(
    "text",
    [
        "云岭和星曜X1",
        "\u200b\u200b㎡ Ｙｕｎｌｉｎｇ，再说星曜　Ｘ１",
        "İİ yunling❤️星 曜不是，星曜是",
    ],
)
def test_places_are_those_of_the_original(text: str, tools: Toolkit) -> None:
    result = analyse([text], tools)
    assert result.brands == [["云岭", "星曜"]]
    found = [text[a:b] for a, b in zip(result.brand_starts[0], result.brand_stops[0], strict=True)]
    assert found[0] in ("云岭", "Ｙｕｎｌｉｎｇ", "yunling")
    assert found[1] in ("星曜X1", "星曜　Ｘ１", "星曜")


def test_a_brand_is_listed_once_at_its_first_mention(tools: Toolkit) -> None:
    result = analyse(["云岭好，星曜好，云岭真好"], tools)
    assert result.brands == [["云岭", "星曜"]]
    assert result.brand_starts == [[0, 4]]


def test_our_cases_are_judged_as_people_label_them(toolkit: Toolkit) -> None:
    result = analyse([case[0] for case in CASES], toolkit, [case[1] for case in CASES])
    right: defaultdict[str, list[bool]] = defaultdict(list)
    for row, (_, brand, label, category) in enumerate(CASES):
        right[category].append(toward(result, row, toolkit.terms.canonical(brand)) == label)
    assert len(CASES) >= 250
    assert sum(map(sum, right.values())) / len(CASES) >= FLOOR
    for category, floor in (
        ("compare", 0.9),
        ("switch", 0.9),
        ("question", 0.95),
        ("plan", 0.9),
        ("news", 0.8),
        ("eager", 0.8),
    ):
        assert sum(right[category]) / len(right[category]) >= floor, category


def test_a_brand_without_a_profile_can_be_asked_for(toolkit: Toolkit) -> None:
    texts = ["三星好，别家都烂", "苹果不如三星", "苹果不如三星", "苹果不如三星"]
    result = analyse(texts, toolkit, ["三星", "苹果", "三星", ""])
    assert [toward(result, row, brand) for row, brand in enumerate(("三星", "苹果", "三星"))] == [
        "pos",
        "neg",
        "pos",
    ]
    assert result.brands == [["三星"], ["苹果"], ["三星"], []], "who was not asked for is not named"


def test_a_product_stands_for_its_brand_and_an_unknown_name_for_itself(toolkit: Toolkit) -> None:
    result = analyse(["iPhone续航拉胯", "阿福豆浆机真好用"], toolkit, ["苹果", "阿福豆浆机"])
    assert result.brands == [["苹果"], ["阿福豆浆机"]]
    assert result.brand_sentiments == [["neg"], ["pos"]]


@pytest.mark.parametrize(
    ("text", "brand", "evidence"),
    [
        ("星曜X1拍照真不错，云岭的太糊了", "星曜", "星曜X1拍照真不错"),
        ("星曜X1拍照真不错，云岭的太糊了", "云岭", "云岭的太糊了"),
        ("周五到的货。星曜　Ｘ１\u200b拍照真不错，明天试试录像", "星曜", "星曜　Ｘ１\u200b拍照真不错"),
        ("昨天星曜比云岭好用，今天没试", "云岭", "昨天星曜比云岭好用"),
        ("星曜将于9月12日举行新品发布会", "星曜", ""),
    ],
)
def test_evidence_is_the_words_that_carry_the_verdict(
    text: str, brand: str, evidence: str, tools: Toolkit
) -> None:
    result = analyse([text], tools)
    place = result.brands[0].index(brand)
    assert text[result.brand_evidence_starts[0][place] : result.brand_evidence_stops[0][place]] == evidence


def test_confidence_follows_the_leaning(tools: Toolkit) -> None:
    result = analyse(["星曜比云岭好用", "星曜吊打云岭，云岭太垃圾了", "星曜将于9月举行发布会"], tools)
    for scores, sure in zip(result.brand_scores, result.brand_confidences, strict=True):
        assert sure == confidence(np.array(scores)).tolist()
    assert result.brand_confidences[1][1] > result.brand_confidences[0][1], "worse said, surer"


def test_advice_without_a_brand_near_enough_is_no_advice(tools: Toolkit) -> None:
    """The name stands too far behind 不考虑 to be meant by it."""
    result = analyse(["不考虑那些周末才开门的店里卖的星曜"], tools)
    assert toward(result, 0, "星曜") == "neu"


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "星曜",
                "云岭",
                "比",
                "不如",
                "没有",
                "被",
                "吊打",
                "把",
                "从",
                "换成",
                "别买",
                "还是",
                "除了",
                "都",
                "别家",
                "好",
                "卡",
                "，",
                "。",
                "？",
                "但",
                "快递",
                "前者",
                "后者",
                "和",
                "跟",
                "一样",
                "吗",
                "如果",
                "迫不及待",
                "宣布",
                "别的手机里面的东西",
                " ",
                "\u200b",
            ]
        ),
        max_size=20,
    )
)
def test_any_order_of_words_can_be_read(tools: Toolkit, words: list[str]) -> None:
    text = "".join(words)
    result = analyse([text], tools)
    assert set(result.brands[0]) <= {"星曜", "云岭"}
    for scores, first, last in zip(
        result.brand_scores, result.brand_evidence_starts, result.brand_evidence_stops, strict=True
    ):
        assert all(-1 <= score <= 1 for score in scores)
        assert all(0 <= start <= stop <= len(text) for start, stop in zip(first, last, strict=True))


def test_each_column_has_an_entry_for_each_mention(tools: Toolkit) -> None:
    result = analyse([*SAMPLE, "星曜比云岭好用，极光一般"], tools)
    columns: list[Any] = [
        column for name, column in zip(result._fields, result, strict=True) if name.startswith("brand")
    ]
    assert len(columns) == 8
    for first, second in pairwise(columns):
        assert [len(entry) for entry in first] == [len(entry) for entry in second]
