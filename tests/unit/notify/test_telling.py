"""What a message says, in the words that people on call were promised, through every channel's markup."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import SecretStr

from streams import language
from streams.alerts.case import Case
from streams.alerts.explanation import Example, Explanation, Reach, Source, Spread, Term, Tone, Usual
from streams.alerts.links import Addresses, addresses, sign
from streams.alerts.model import Alert, Event, Notice
from streams.notify import dingtalk, feishu, render, webhook, wecom
from streams.notify.base import Mention, Message
from streams.notify.render import Plain, text_of
from streams.notify.telling import message
from streams.rules.rule import KINDS, Rule

TEN = 1_795_312_920.0
"""2026-11-22 10:02 in Shanghai."""

HOSTILE = (
    "**粗** [点我](https://evil.example) <at id=all></at> <font color='red'>x</font> <@all> @13800138000 "
    "`c` # h > q | ![i](http://e) &lt;b&gt; ${x} {{y}} ~~s~~ www.evil.example \\ \u202egnp.exe\u202c\n---\n# 标题"
)
RULE = Rule(
    name="断连投诉",
    query="断连",
    brand="XX耳机",
    sentiment="neg",
    severity="red",
    description="产品缺陷，转研发",
)
ALERT = Alert(
    alert_id="0123456789abcdef0123",
    dedup_key="断连投诉|XX耳机|",
    rule="断连投诉",
    rule_version=3,
    kind="spike",
    brand="XX耳机",
    severity="red",
    first_fired=TEN,
    last_fired=TEN,
    count=1,
    window_start=TEN - 600,
    window_end=TEN,
    value=52,
    expected=9.0,
    last=Event(kind="fired", at=TEN),
)
SAID = Explanation(
    rule=RULE,
    start=TEN - 600,
    stop=TEN,
    count=52,
    usual=Usual(9.0, 4),
    sources=(Source("微博", 41), Source("抖音", 11)),
    terms=(Term("断连", 38, 4, 9.1), Term("售后", 20, 1, 4.2)),
    tone=Tone(2, 4, 46),
    spread=Spread(
        root_id="r", platform="微博", size=12_400, depth=3, last_hour=312, hour_before=40
    ),
    reach=Reach(48, 1_203_000, 880_000),
    examples=(
        Example(
            platform="微博", id="1", at=TEN, text="又断连了，售后让我自己寄……", spans=((1, 3),), reposts=12_000,
            url="https://weibo.example/1",
        ),
        Example(platform="抖音", id="2", at=TEN, text="耳机连不上", followers=32_000),
    ),
)  # fmt: skip
KEY = b"0123456789abcdef"
MEASURED = ("count", "negative_share", "nsr", "authors", "reach", "growth", "generation")
REASONS = ("firing", "repeat", "escalated", "acknowledged", "resolved", "breached")


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    language.use("zh")
    yield
    language.use("zh")


def told(
    reason: Any = "firing",
    *,
    alert: Alert = ALERT,
    said: Explanation | None = SAID,
    at: float = TEN,
    level: int = 0,
    note: str = "",
    case_id: str = "",
    **more: Any,
) -> Message:
    notice = Notice(
        key="k", alert_id=alert.alert_id, reason=reason, at=at, level=level, note=note, case_id=case_id
    )
    return message(alert, notice, said, **more)


def short(one: Message) -> list[str]:
    return text_of(one, "short", 2048).split("\n")


def long(one: Message) -> str:
    return text_of(one, "long", 20_000)


def test_the_card_has_the_agreed_words_and_fits_with_a_signed_link() -> None:
    token = sign(KEY, ALERT.alert_id, nonce="0123456789abcdef0123:1", now=TEN)
    links = addresses("https://koubei.example.com", ALERT, token, post=SAID.url)
    config = wecom.Config(url=SecretStr("https://x"), form="short")
    content = wecom.request(told(links=links), config)["markdown"]["content"]
    assert content.split("\n") == [
        '<font color="warning">【红色】XX耳机 · 断连投诉激增</font>',
        "10 分钟负面 52 条，平时 9 条（同时段 4 周）",
        '> 又<font color="warning">断连</font>了，售后让我自己寄……（微博，转发 1.2万）',
        "未认领 · 规则 断连投诉 v3 · 10:02",
        f"[查看并认领](https://koubei.example.com/alerts/{ALERT.alert_id}?token={token})",
    ]
    assert len(content.encode()) <= 600


def test_the_long_form_says_why() -> None:
    text = long(told(links=Addresses("https://k/a", "https://k/d", "https://p/1")))
    for part in (
        "级别：红色（特别重大）",
        "来源：微博 41、抖音 11",
        "情感：负 46（88.5%）、中 4（7.7%）、正 2（3.8%）",
        "热词：断连（38 条，之前 4）、售后（20 条，之前 1）",
        "最大传播：微博 1.2万 个节点，3 层，近 1 小时 312 次转发（前 1 小时 40 次）",
        "作者：48 人，粉丝共 120.3万，最多 88.0万",
        "规则说明：产品缺陷，转研发",
        "达到 1 倍就报",
        "耳机连不上（抖音，粉丝 3.2万）",
        "查看并认领：https://k/a · 看板：https://k/d · 原帖：https://p/1",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("alert", "said", "title", "summary"),
    [
        (
            {"kind": "post", "count": 52},
            SAID,
            "断连投诉激增",
            "10 分钟负面 52 条，平时 9 条（同时段 4 周）",
        ),
        (
            {"kind": "post", "count": 1},
            Explanation(rule=RULE, count=1, examples=SAID.examples[:1]),
            "断连投诉",
            "微博 1 条，转发 1.2万",
        ),
        ({"kind": "post", "count": 7}, None, "断连投诉", "相关 7 条"),
        (
            {"kind": "post", "rule": "XX耳机过热", "count": 1},
            replace(SAID, usual=Usual(2.5, 0), count=3),
            "过热",
            "10 分钟负面 3 条，平时 2.5 条（近 12 小时）",
        ),
        ({}, None, "断连投诉激增", "10 分钟相关 52 条，平时 9 条"),
        (
            {"kind": "window", "value": 62.34, "expected": None},
            replace(SAID, rule=replace(RULE, kind="window", measure="negative_share", above=40.0)),
            "负面占比升到 62.3%",
            "10 分钟负面占比 62.3%（达到 40.0% 就报）",
        ),
        (
            {"kind": "window", "value": -31.2, "expected": 12.0},
            replace(SAID, rule=replace(RULE, kind="window", measure="nsr", below=-20.0)),
            "净情感值降到 −31.2",
            "10 分钟净情感值 −31.2，平时 +12.0（低于 −20.0 就报）",
        ),
        (
            {"kind": "window", "value": 310.0, "expected": None},
            replace(SAID, rule=replace(RULE, kind="window", measure="authors", above=300.0)),
            "断连投诉",
            "10 分钟有 310 人负面发言（达到 300 就报）",
        ),
        (
            {"kind": "window", "value": 123_456.0, "expected": None},
            replace(SAID, rule=replace(RULE, kind="window", measure="reach", above=100_000.0)),
            "断连投诉",
            "10 分钟触达 12.3万 人次（达到 10.0万 就报）",
        ),
        (
            {"kind": "cascade", "value": 3.0, "expected": None},
            replace(SAID, rule=replace(RULE, kind="cascade", measure="generation", above=3.0)),
            "二次传播达 3 层",
            "转发传到第 3 层，共 1.2万 个节点，近 1 小时转发 312 次",
        ),
        (
            {"kind": "cascade", "value": 312.0, "expected": None},
            replace(SAID, start=TEN - 3600, rule=replace(RULE, kind="cascade", measure="growth", above=300.0)),
            "转发加速",
            "1 小时转发 312 次，共 1.2万 个节点",
        ),
        (
            {"kind": "absence", "brand": "", "entity": "微博", "value": 0.0, "expected": 35.0, "window_start": TEN - 840},
            Explanation(),
            "数据中断 14 分钟（微博来源）",
            "微博自 09:48 起没有新数据，平时这段时间 35 条",
        ),
        (
            {"kind": "silent", "value": 7.42, "expected": None, "window_start": TEN - 7.4 * 86_400},
            Explanation(),
            "官方账号 7 天 10 小时没有发声",
            "官方账号最近一条发布于 11月15日 00:26",
        ),
    ],
)  # fmt: skip
def test_each_kind_says_what_happens_and_what_is_usual(
    alert: dict[str, Any], said: Explanation | None, title: str, summary: str
) -> None:
    one = told(alert=replace(ALERT, **alert), said=said)
    assert (one.title, one.summary) == (title, summary)


def test_who_claimed_it_and_when() -> None:
    claimed = replace(ALERT, state="acknowledged", owner="张三", acknowledged_at=TEN)
    one = told("acknowledged", alert=claimed, links=Addresses("https://k/a"))
    assert short(one)[:2] == ["【已认领·红色】XX耳机 · 断连投诉激增", "张三 10:02 已认领"]
    assert one.links[0].label == "查看"
    assert one.samples == ()


def test_a_reminder_says_how_long_and_how_much_it_is_by_now() -> None:
    grown = replace(ALERT, kind="post", count=120)
    one = told("repeat", alert=grown, at=TEN + 14_400)
    assert short(one)[0].startswith("【再次提醒·红色】")
    assert one.summary.endswith("。仍无人认领。已持续 4 小时。至今 120 条")
    owned = told("repeat", alert=replace(grown, owner="张三"), at=TEN + 14_400)
    assert "无人认领" not in owned.summary
    noted = told("repeat", alert=grown, note="已增至 120 条（上次通知时 52 条）")
    assert "已增至 120 条（上次通知时 52 条）" in noted.summary
    assert "无人认领" not in noted.summary


def test_an_escalation_says_to_whom() -> None:
    one = told("escalated", at=TEN + 900, level=1, mentions=(Mention(name="李四", mobile="138"),))
    assert one.summary.endswith("。无人认领，通知第 2 级：李四。已持续 15 分钟")
    assert one.mentions[0].name == "李四"


@pytest.mark.parametrize(
    ("changes", "summary"),
    [
        ({"resolved_by": "koubei"}, "持续 1 小时 12 分钟，共 52 条。不再有新的命中，自动解除"),
        ({"resolved_by": "张三"}, "持续 1 小时 12 分钟，共 52 条。张三 已解除"),
        ({"resolved_by": "张三", "false_alarm": True}, "持续 1 小时 12 分钟，共 52 条。张三 标为误报"),
        ({"resolved_by": "koubei", "kind": "window"}, "持续 1 小时 12 分钟。已恢复，自动解除"),
    ],
)
def test_how_it_ended(changes: dict[str, Any], summary: str) -> None:
    over = replace(
        ALERT, **{"kind": "post", "count": 52, "state": "resolved", "resolved_at": TEN + 4_320, **changes}
    )
    assert told("resolved", alert=over, at=TEN + 4_320).summary == summary


def test_a_case_clock_that_ran_out() -> None:
    case = Case(
        case_id="c1", alert_id=ALERT.alert_id, dedup_key=ALERT.dedup_key, rule=ALERT.rule, brand=ALERT.brand,
        severity="orange", owner="张三", state="listening", opened_at=TEN - 14_400, respond_by=TEN, resolve_by=TEN,
        last=Event(kind="opened", at=TEN),
    )  # fmt: skip
    one = told("breached", note="首次回应超时（限 4 小时）", case_id="c1", case=case)
    assert short(one)[0] == "【超时·橙色】XX耳机 · 首次回应超时（限 4 小时）"
    assert one.summary == "断连投诉激增。处置单 c1。06:02 开启，现在：聆听"
    assert one.owner == "张三"
    unknown = told("breached", note="化解超时（限 1 小时）", case_id="c1")
    assert unknown.summary == "断连投诉激增。处置单 c1"


def test_what_else_there_is_to_say_is_said_in_the_short_form_too() -> None:
    note = "静默已到期（张三：已知问题）"
    assert short(told(note=note))[1].endswith(f"。{note}")


def test_a_sentiment_says_what_it_is_of() -> None:
    def label(count: int) -> str:
        return next(f.label for f in told(said=replace(SAID, count=count)).facts if "负 46" in f.value)

    assert [label(count) for count in (52, 20, 227)] == ["情感", "全部提及的情感", "其中 52 条的情感"]


def test_a_message_without_its_reasons_says_where_they_are() -> None:
    post = replace(ALERT, kind="post")
    assert "还没统计好，请看页面：例帖、来源、情感和作者" in long(told(alert=post, said=None))
    assert "还没统计好" not in long(told(alert=replace(ALERT, kind="absence"), said=None))
    assert "还没统计好" not in long(told("resolved", alert=post, said=None))


def test_nothing_is_said_twice() -> None:
    alert = replace(ALERT, kind="post", count=1)
    examples = (replace(SAID.examples[0], followers=200),)
    one = Explanation(
        rule=RULE, count=1, sources=(Source("微博", 1),), tone=Tone(0, 0, 1), reach=Reach(1, 200, 200), examples=examples
    )  # fmt: skip
    assert told(alert=alert, said=one).summary == "微博 1 条，作者粉丝 200，转发 1.2万"
    assert [fact.label for fact in told(alert=alert, said=one).facts] == ["情感"]
    assert [fact.label for fact in told(alert=alert, said=one, at=TEN + 900).facts] == ["情感", "首次触发"]
    unseen = replace(one, examples=())
    assert told(alert=alert, said=unseen).facts[-1].value == "1 人，粉丝 200"


def test_what_came_too_late_is_named() -> None:
    assert "还没统计好，请看页面：平时的数量、热词" in long(told(said=replace(SAID, late=("usual", "terms"))))


def test_english() -> None:
    language.use("en")
    one = told(links=Addresses("https://k/a"))
    assert (one.title, one.summary) == (
        "断连投诉 surges",
        "52 negative in 10 minutes, usually 9 (same hours, 4 weeks)",
    )
    text = long(one)
    assert "Sentiment: negative 46 (88.5%), neutral 4 (7.7%), positive 2 (3.8%)" in text
    assert "View and claim: https://k/a" in text


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("kind", KINDS)
def test_english_has_no_chinese_of_ours(kind: Any, reason: Any) -> None:
    language.use("en")
    plain = Explanation(start=TEN - 600, stop=TEN, count=52, usual=Usual(9.0, 4), tone=Tone(2, 4, 46),
                        spread=Spread(root_id="r", platform="Weibo", size=12_400, depth=3, last_hour=312),
                        reach=Reach(48, 1_203_000, 880_000), late=("terms",))  # fmt: skip
    alert = replace(
        ALERT, kind=kind, rule="lost connection", brand="Example", resolved_by="koubei", owner="Ann"
    )
    text = long(
        told(reason, alert=alert, said=plain, links=Addresses("https://k/a", "https://k/b", "https://p/1"))
    )
    assert not re.search("[一-鿿，。：；（）、]", text)


MARKUPS: list[render.Markup] = [dingtalk.Markdown(), wecom.Markdown(), feishu.Markdown(), Plain()]
FORMS = ("long", "short")


def hostile() -> Message:
    said = replace(
        SAID,
        rule=replace(RULE, description=HOSTILE),
        examples=tuple(
            replace(one, text=HOSTILE, platform=HOSTILE, url="javascript:alert(1)") for one in SAID.examples
        ),
        terms=(Term(HOSTILE, 3, 0, None),),
        sources=(Source(HOSTILE, 3),),
    )
    alert = replace(ALERT, rule=HOSTILE, brand=HOSTILE, owner=HOSTILE, entity=HOSTILE)
    return told(
        alert=alert,
        said=said,
        note=HOSTILE,
        links=Addresses("https://k.example/a", post="javascript:alert(1)"),
    )


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("markup", MARKUPS, ids=lambda one: f"{type(one).__module__}.{type(one).__name__}")
def test_nothing_of_a_post_becomes_markup_mention_or_link(markup: render.Markup, form: Any) -> None:
    text = "\n".join(line.text for line in render.lines(hostile(), markup, form))
    ours = re.sub(r"\]\(https://k\.example/\S*?\)|https://k\.example/\S*", "", text)
    assert "://" not in ours
    assert "www." not in ours
    assert "\u202e" not in ours
    if isinstance(markup, Plain):
        return
    ours = re.sub(r"</?font[^>]*>", "", ours) if "font color='red'>x" not in ours else ours
    for sign_ in ("<at", "<@", "**", "](", "`", "![", "<font"):
        assert sign_ not in ours


def test_requests_of_robots_and_webhooks_hold_no_address_of_a_post() -> None:
    one = hostile()
    url = SecretStr("https://x.example/hook")
    bodies = [
        dingtalk.request(one, dingtalk.Config(url=url)),
        wecom.request(one, wecom.Config(url=url)),
        feishu.request(one, feishu.Config(url=url)),
    ]
    for body in bodies:
        assert "evil.example" not in (text := msgspec.json.encode(body).decode()) or "://evil" not in text
        assert "javascript:alert" not in text
    assert "javascript:alert" not in msgspec.json.encode(webhook.notification(one)).decode()


_words = st.text(max_size=60)
_counts = st.integers(0, 10**9)


@given(
    alert=st.builds(
        replace,
        st.just(ALERT),
        kind=st.sampled_from(KINDS),
        rule=_words,
        brand=_words,
        entity=_words,
        owner=_words,
        value=st.floats(-1e9, 1e9),
        expected=st.none() | st.floats(0, 1e6, allow_subnormal=False),
        count=_counts,
        resolved_by=_words,
        false_alarm=st.booleans(),
    ),
    said=st.none()
    | st.builds(
        Explanation,
        rule=st.none() | st.builds(Rule, name=_words, kind=st.sampled_from(KINDS), sentiment=st.sampled_from(["", "neg", "pos"]),
                                   measure=st.sampled_from(MEASURED),
                                   above=st.none() | st.floats(-1e6, 1e6), below=st.none() | st.floats(-1e6, 1e6)),
        count=_counts,
        usual=st.none() | st.builds(Usual, st.floats(0, 1e6, allow_subnormal=False), st.integers(0, 4)),
        sources=st.lists(st.builds(Source, _words, _counts), max_size=3).map(tuple),
        tone=st.none() | st.builds(Tone, _counts, _counts, st.integers(1, 9)),
        examples=st.lists(st.builds(Example, platform=_words, id=_words, at=st.just(TEN), text=_words, reposts=_counts),
                          max_size=3).map(tuple),
        late=st.lists(_words, max_size=2).map(tuple),
    ),
    reason=st.sampled_from(REASONS),
    note=_words,
)  # fmt: skip
def test_whatever_is_known_there_is_a_message_within_the_limits(
    alert: Alert, said: Explanation | None, reason: Any, note: str
) -> None:
    one = told(reason, alert=alert, said=said, note=note, links=Addresses("https://k.example/a"))
    for markup in MARKUPS:
        for form in FORMS:
            text = render.fit(render.lines(one, markup, form), 4_096, markup.newline, form=form)  # type: ignore[arg-type]
            assert len(text.encode()) <= 4_096
            assert "https://k.example/a" in text
