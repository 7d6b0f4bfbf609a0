"""Drafts of replies: the right one for the case, no promise, nothing hostile, mistakes with their place."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.alerts import replies
from streams.alerts.replies import Facts, Template, drafts, load, read
from streams.errors import BadConfig
from streams.severity import SEVERITIES

ROOT = Path(__file__).parents[3]
SHIPPED = load([ROOT / "lexicons"])
ASPECTS = {
    line.split("\t")[1]
    for line in (ROOT / "lexicons" / "aspects" / "words.tsv").read_text("utf-8").splitlines()[1:]
}


def test_a_complaint_is_answered_with_an_apology_and_a_question() -> None:
    first = drafts(Facts("小李", "星曜", ("信号",), "complaint", "neg"), SHIPPED)[0]
    assert first.startswith("小李您好，抱歉信号没有达到您的期待")
    assert "私信" in first


def test_after_sales_praise_questions_and_grave_matters_have_their_own() -> None:
    def one(**facts: Any) -> str:
        return "\n".join(drafts(Facts(**{"author": "小李", "brand": "星曜", **facts}), SHIPPED))

    assert "请星曜售后的负责同事" in one(aspects=("售后",), sentiment="neg")
    assert "谢谢您的认可" in one(sentiment="pos")
    assert "谢谢您的提问" in one(intent="question")
    assert "我们核实到的是：【在此填写核实结果】" in one(sentiment="neg", severity="red")
    assert "停止使用" in one(aspects=("安全",), intent="complaint")
    assert (
        one()
        == "小李您好，谢谢您的反馈，我们已经看到。想再了解一些细节，方便的话请私信告诉我们，由星曜的同事与您联系。"
    )


def test_what_is_not_known_is_not_named() -> None:
    template = [
        Template(name="a", text="{author}，您好：{brand}的{aspect}"),
        Template(name="b", text="{author}您好"),
    ]
    assert drafts(Facts(), template) == ["您好"]
    assert drafts(Facts(brand="星曜", aspects=("续航",)), template) == ["您好：星曜的续航", "您好"]


def test_the_aspect_is_the_one_that_the_template_is_for() -> None:
    template = Template(name="a", text="{aspect}", aspects=("续航", "屏幕"))
    assert drafts(Facts(aspects=("客服", "屏幕")), [template]) == ["屏幕"]


@given(st.text(max_size=80))
def test_a_name_brings_no_markup_mention_link_or_line(name: str) -> None:
    (draft,) = drafts(Facts(author=name), [Template(name="a", text="<{author}>")])
    inside = draft[1:-1]
    assert len(inside) <= replies.LONGEST_NAME
    assert not set(inside) & set("@#.<>[](){}*`|:/\\\n\r\t\u202e\u200b&$")


def test_what_is_shipped_fits_the_lexicon_of_aspects_and_every_case_has_a_draft() -> None:
    assert {aspect for one in SHIPPED for aspect in one.aspects} <= ASPECTS
    for sentiment in ("", "pos", "neu", "neg"):
        for severity in SEVERITIES:
            assert drafts(Facts(brand="星曜", sentiment=sentiment, severity=severity), SHIPPED)


@pytest.mark.parametrize(
    ("source", "place", "code", "says"),
    [
        ('[[reply]]\ntext = "您好"', (1, 1), "missing_key", "name"),
        ('[[reply]]\nname = "a"\ntext = ""', (3, 8), "bad_value", "text"),
        ('[[reply]]\nname = "a"\ntext = "{authr}您好"', (3, 9), "bad_placeholder", "{author}"),
        ('[[reply]]\nname = "a"\ntext = "您好{author.__class__}"', (3, 11), "bad_placeholder", "{author}"),
        ('[[reply]]\nname = "a"\ntext = "您好{author!r}"', (3, 11), "bad_placeholder", "{author"),
        ('[[reply]]\nname = "a"\ntext = "您好{"', (3, 11), "bad_placeholder", "花括号"),
        ('[[reply]]\nname = "a"\ntext = "您好，我们保证退款"', (3, 14), "promise", "保证"),
        ('[[reply]]\nname = "a"\ntext = "Sorry, we will refund it"', (3, 24), "promise", "refund"),
        ('[[reply]]\nname = "a"\ntext = "您好"\nintent = ["x"]', (4, 1), "unknown_key", "intents"),
        ('[[reply]]\nname = "a"\ntext = "您好"\nintents = ["complain"]', (4, 11), "bad_value", "complaint"),
        ('[[reply]]\nname = "a"\ntext = "您好"\naspects = "续航"', (4, 11), "bad_value", "aspects"),
        ('[[replies]]\nname = "a"', (1, 1), "unknown_key", "reply"),
        ("[[reply]\n", (1, 8), "bad_toml", "TOML"),
    ],
)
def test_a_mistake_has_its_place(source: str, place: tuple[int, int], code: str, says: str) -> None:
    templates, (problem, *rest) = read(source, "zh.toml")
    assert (templates, rest) == ([], [])
    assert ((problem.line, problem.column), problem.code) == (place, code)
    assert says in problem.message
    assert str(problem).startswith(f"zh.toml:{place[0]}:{place[1]} ")


def test_one_s_own_overrule_those_that_are_shipped(tmp_path: Path) -> None:
    folder = tmp_path / "replies"
    folder.mkdir()
    (folder / "own.toml").write_text('[[reply]]\nname = "通用"\ntext = "收到，谢谢{author}"', "utf-8")
    assert drafts(Facts("小李"), load([ROOT / "lexicons", tmp_path])) == ["收到，谢谢小李"]
    (folder / "own.toml").write_text('[[reply]]\nname = "通用"\ntext = "{auther}"', "utf-8")
    with pytest.raises(BadConfig, match=r"own\.toml:3:9 .*\{author\}"):
        load([tmp_path])
