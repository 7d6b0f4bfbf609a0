import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import language
from streams.notify import dingtalk, feishu, render, wecom
from streams.notify.base import Link, Message, Sample
from streams.notify.render import Line, Plain, clean, fit, pieces, safe_url, text_of
from tests.messages import ALERT, MESSAGES, alert, numbered

MARKUPS: list[render.Markup] = [dingtalk.Markdown(), wecom.Markdown(), feishu.Markdown(), Plain()]
HOSTILE = (
    "**粗** [点我](https://evil.example) <at id=all></at> <font color='red'>x</font> <@all> @13800138000 "
    "`c` # h > q | ![i](http://e) &lt;b&gt; ${x} {{y}} ~~s~~ www.evil.example \\ \u202egnp.exe\u202c\n---\n# 标题\n1. 项"
)


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    language.use("zh")
    yield
    language.use("zh")


def test_the_short_form_is_the_agreed_one() -> None:
    assert text_of(ALERT, "short", 2048).split("\n") == [
        "【红色】XX耳机 · 断连投诉激增",
        "10 分钟负面 52 条，平时 9 条（同时段 4 周）",
        "「又断连了」，售后让我自己寄……（微博，转发 1.2万）",
        "未认领 · 规则 断连投诉 v3 · 10:02",
        "查看并认领：https://k.example/a/a1",
    ]


def test_a_wecom_card_is_the_agreed_one() -> None:
    found = wecom.request(
        alert(samples=(Sample(text="又断连了", platform="微博", note="转发 1.2万"),)), _wecom("short")
    )
    assert found["markdown"]["content"].split("\n") == [
        '<font color="warning">【红色】XX耳机 · 断连投诉激增</font>',
        "10 分钟负面 52 条，平时 9 条（同时段 4 周）",
        "> 又断连了（微博，转发 1.2万）",
        "未认领 · 规则 断连投诉 v3 · 10:02",
        "[查看并认领](https://k.example/a/a1)",
    ]
    assert len(found["markdown"]["content"].encode()) <= 600


def test_the_long_form_adds_figures_and_three_samples() -> None:
    text = text_of(ALERT, "long", 20_000)
    for part in (
        "级别：红色（特别重大）",
        "来源：微博 41、抖音 11",
        "312 次转发",
        "第三条（小红书）",
        "2026年11月22日 周日 10:02",
        "看板：https",
    ):
        assert part in text
    assert "第四条" not in text


def test_english() -> None:
    language.use("en")
    text = text_of(ALERT, "long", 20_000)
    assert text.startswith("[RED] XX耳机 · 断连投诉激增\n")
    assert "Level: red (critical)" in text
    assert "unclaimed · rule 断连投诉 v3 · 2026-11-22 10:02" in text


@pytest.mark.parametrize(
    ("changes", "headline", "footer"),
    [
        ({"state": "repeat"}, "【再次提醒·红色】", "未认领"),
        ({"state": "acknowledged", "owner": "张三"}, "【已认领·红色】", "张三 已认领"),
        ({"state": "resolved"}, "【已解除·红色】", "规则"),
        ({"state": "test", "severity": "blue"}, "【测试·蓝色】", "规则"),
    ],
)
def test_state_and_owner_are_said(changes: dict[str, str], headline: str, footer: str) -> None:
    text = text_of(alert(**changes), "short", 2048)
    assert text.startswith(headline)
    assert f"\n{footer}" in text


def test_a_possible_repeat_and_merged_alerts_are_said() -> None:
    others = tuple(numbered(number).brief for number in range(37))
    text = text_of(alert(others=others, repeated=True), "long", 20_000)
    assert "可能重复" in text
    assert "另有 37 条" in text
    assert "· 【红色】XX耳机 · 事件 4" in text
    assert "事件 5" not in text
    assert "另有 37 条" in text_of(alert(others=others), "short", 2048)


def test_the_keyword_is_in_the_title_once() -> None:
    assert render.headline(ALERT, Plain(), "口碑").endswith("断连投诉激增 · 口碑")
    assert render.headline(ALERT, Plain(), "断连") == render.headline(ALERT, Plain())


@pytest.mark.parametrize("markup", MARKUPS, ids=lambda one: f"{type(one).__module__}.{type(one).__name__}")
def test_nothing_of_a_post_becomes_markup(markup: render.Markup) -> None:
    message = alert(
        title=HOSTILE[:50],
        brand="**b**",
        summary=HOSTILE,
        samples=(Sample(text=HOSTILE, spans=((0, 4),), platform="<at id=all></at>"),),
        owner="[x](y)",
        rule="<b>",
    )
    text = "\n".join(line.text for line in render.lines(message, markup, "long"))
    ours = re.sub(r"\]\(https://k\.example/[^)]*\)|https://k\.example/\S*", "", text)
    assert "://" not in ours
    assert "www." not in ours
    assert "\u202e" not in ours
    if isinstance(markup, Plain):
        return
    ours = re.sub(r"</?font[^<>]*>|^> |^### |\[(?:查看并认领|看板)", "", ours, flags=re.MULTILINE)
    assert not set("*_`[]<>#|~&@\\") & set(ours), ours


@pytest.mark.parametrize("text", ["--- x", "=== x", "- x", "+ x", "1. x", "12) x"])
def test_a_line_of_a_post_starts_no_list_or_rule(text: str) -> None:
    for markup in MARKUPS[:3]:
        assert not re.match(r"[-+=]|\d+[.)]", markup.escape(clean(text)))


def test_figures_at_the_start_of_a_line_stay() -> None:
    for text in ("3.5 分", "-5 %", "10 分钟"):
        assert dingtalk.Markdown().escape(text) == text


@given(st.text())
def test_clean_text_is_one_encodable_line(text: str) -> None:
    found = clean(text)
    found.encode()
    assert len(found.splitlines()) <= 1


@given(st.text(max_size=300), st.lists(st.tuples(st.integers(-9, 310), st.integers(-9, 310))))
def test_pieces_are_a_window_of_the_text_with_its_evidence(text: str, spans: list[tuple[int, int]]) -> None:
    found = pieces(text, spans, 80)
    whole = "".join(piece for piece, _ in found)
    begin, end = len(text) > 80 and whole.startswith("……"), len(text) > 80 and whole.endswith("……")
    inner = whole[2 if begin else 0 : -2 if end else None]
    assert inner in text
    assert len(inner) <= 80
    wanted = {at for start, stop in spans for at in range(max(0, start), min(len(text), stop))}
    offset = text.find(inner) if text.count(inner) == 1 else None
    if inner == text and offset is not None:
        at, marked = 0, set()
        for piece, evidence in found:
            marked |= set(range(at, at + len(piece))) if evidence else set()
            at += len(piece)
        assert marked == wanted


def test_a_long_post_is_shown_around_its_evidence() -> None:
    found = pieces("一" * 200 + "断连" + "二" * 200, [(200, 202)], 80)
    assert ("断连", True) in found
    assert found[0] == found[-1] == ("……", False)


@given(MESSAGES, st.sampled_from(["long", "short"]), st.sampled_from(MARKUPS))
def test_texts_keep_to_their_bytes(message: Message, form: str, markup: render.Markup) -> None:
    for limit in (2048, 4096):
        text = fit(render.lines(message, markup, form, mentions="@x"), limit, markup.newline, form=form)  # type: ignore[arg-type]
        assert len(text.encode()) <= limit
        assert text.endswith(("@x", "（有删节，全文见页面）"))


def test_whole_lines_are_left_out_and_that_is_said() -> None:
    found = [Line("头", 0), *(Line("行" * 30, 5) for _ in range(10)), Line("尾", 1)]
    text = fit(found, 400, "\n")
    assert set(text.split("\n")) == {"头", "行" * 30, "尾", "（有删节，全文见页面）"}
    assert len(text.encode()) <= 400
    assert "有删节" not in fit(found, 4000, "\n")


def test_the_short_form_gives_up_samples_before_its_600_bytes_but_never_the_link() -> None:
    text = text_of(alert(summary="字" * 160, samples=(Sample(text="贴" * 80),)), "short", 4096)
    assert "贴" not in text
    assert "https://k.example/a/a1" in text


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "//x",
        "",
        "https://",
        "http://[",
        "https://x/" + "a" * 1000,
    ],
)
def test_only_web_addresses_are_links(url: str) -> None:
    assert safe_url(url) is None
    assert url not in text_of(alert(links=(Link("看", url),)), "long", 9999) or not url


def test_an_address_cannot_end_its_link() -> None:
    assert safe_url("https://x/a) [b](c) <d> \"e\" 'f' `g`\n汉") == (
        "https://x/a%29%20%5Bb%5D%28c%29%20%3Cd%3E%20%22e%22%20%27f%27%20%60g%60%0A%E6%B1%89"
    )
    assert safe_url("https://x/?q=a%20b&c=%E6%B1%89#f") == "https://x/?q=a%20b&c=%E6%B1%89#f"


def _wecom(form: str) -> wecom.Config:
    from pydantic import SecretStr

    return wecom.Config(url=SecretStr("https://x"), form=form)  # type: ignore[arg-type]
