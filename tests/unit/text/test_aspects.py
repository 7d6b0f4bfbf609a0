import pytest

from streams.config import shipped
from streams.text.analyse import Analysis, analyse
from streams.text.lexicons import load
from streams.text.toolkit import Toolkit


def found(result: Analysis, row: int = 0) -> list[tuple[str, str, str]]:
    return list(
        zip(
            result.aspects[row],
            result.aspect_brands[row],
            result.aspect_sentiments[row],
            strict=True,
        )
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("屏幕很清晰，但是续航太差", [("屏幕", "", "pos"), ("续航", "", "neg")]),
        ("星曜屏幕不错，云岭信号不行", [("屏幕", "星曜", "pos"), ("信号", "云岭", "neg")]),
        ("客服态度恶劣", [("客服", "", "neg"), ("服务", "", "neg")]),
        ("没有卡顿", [("性能", "", "pos")]),
        ("星曜的续航怎么样？", [("续航", "星曜", "neu")]),
        ("分量足，味道也好吃", [("分量", "", "pos"), ("口味", "", "pos")]),
        ("今天天气不错", []),
        ("武汉加油！我们一起打赢", []),
        ("加油站排队太久，真烦", [("油耗", "", "neg")]),
        ("他有心脏病，注意安全", []),
        ("站着比跪着高贵得多", []),
        ("机身只有134.5g", [("手感", "", "neu")]),
    ],
)
def test_each_aspect_has_the_tone_of_its_clause(
    text: str, expected: list[tuple[str, str, str]], toolkit: Toolkit
) -> None:
    assert found(analyse([text], toolkit)) == expected


def test_a_comparison_speaks_of_both_sides(toolkit: Toolkit) -> None:
    assert set(found(analyse(["星曜的信号比云岭强太多"], toolkit))) == {
        ("信号", "星曜", "pos"),
        ("信号", "云岭", "neg"),
    }


def test_an_aspect_is_told_once_by_its_strongest_clause(toolkit: Toolkit) -> None:
    result = analyse(["屏幕还行，说起屏幕，屏幕太烂了"], toolkit)
    assert found(result) == [("屏幕", "", "neg")]
    assert result.aspect_starts == [[10]]


def test_places_are_those_of_the_original(toolkit: Toolkit) -> None:
    text = "\u200b\u200bＷｉＦｉ老断，屏\u200b幕好"
    result = analyse([text], toolkit)
    spans = zip(result.aspect_starts[0], result.aspect_stops[0], strict=True)
    assert [text[start:stop] for start, stop in spans] == ["ＷｉＦｉ", "屏\u200b幕"]


def test_the_shipped_aspects_cover_what_people_ask_about() -> None:
    aspects = set(load([shipped("lexicons")]).aspects.values())
    phone = "屏幕 续航 发热 性能 拍照 系统 信号 外观 手感 音质 充电 价格 质量 客服 物流 售后"
    other = "包装 口味 服务 环境 分量 空间 动力 油耗 内饰 操控 舒适 安全"
    assert {*phone.split(" "), *other.split(" ")} <= aspects
