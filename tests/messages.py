"""Messages that tests of notifications share."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from msgspec import structs

from streams.notify.base import Brief, Fact, Link, Mention, Message, Sample
from streams.severity import SEVERITIES

AT = datetime(2026, 11, 22, 10, 2, tzinfo=ZoneInfo("Asia/Shanghai"))
POST = "又断连了，售后让我自己寄……"

ALERT = Message(
    key="a1:1",
    alert_id="a1",
    severity="red",
    brand="XX耳机",
    title="断连投诉激增",
    summary="10 分钟负面 52 条，平时 9 条（同时段 4 周）",
    at=AT,
    rule="断连投诉",
    rule_version=3,
    facts=(Fact("来源", "微博 41、抖音 11"), Fact("情感", "负 88 %")),
    paragraphs=("最大一条传播链 312 次转发。",),
    samples=(
        Sample(text=POST, spans=((0, 4),), platform="微博", note="转发 1.2万"),
        Sample(text="耳机连不上", platform="抖音"),
        Sample(text="第三条", platform="小红书"),
        Sample(text="第四条", platform="知乎"),
    ),
    links=(Link("查看并认领", "https://k.example/a/a1"), Link("看板", "https://k.example/d")),
)


def alert(**changes: Any) -> Message:
    return structs.replace(ALERT, **changes)


def numbered(number: int, **changes: Any) -> Message:
    """Another alert each."""
    return alert(**{"key": f"k{number}", "alert_id": f"a{number}", "title": f"事件 {number}", **changes})


_text = st.text(max_size=400)
_people = st.builds(
    Mention,
    name=st.text(max_size=30),
    mobile=st.sampled_from(["", "13800138000"]),
    dingtalk=st.sampled_from(["", "d" * 64]),
    wecom=st.sampled_from(["", "w" * 64]),
    feishu=st.sampled_from(["", "ou_" + "f" * 61]),
    everyone=st.booleans(),
)
MESSAGES = st.builds(
    Message,
    key=st.just("k"),
    alert_id=st.just("a"),
    severity=st.sampled_from(SEVERITIES),
    brand=_text,
    title=_text,
    summary=_text,
    at=st.just(AT),
    state=st.sampled_from(["firing", "repeat", "escalated", "acknowledged", "resolved", "test"]),
    rule=_text,
    rule_version=st.integers(0, 99),
    owner=_text,
    facts=st.lists(st.builds(Fact, _text, _text), max_size=12).map(tuple),
    paragraphs=st.lists(_text, max_size=8).map(tuple),
    samples=st.lists(
        st.builds(
            Sample,
            text=_text,
            spans=st.lists(st.tuples(st.integers(-5, 500), st.integers(-5, 500)), max_size=4).map(tuple),
            platform=_text,
            note=_text,
        ),
        max_size=4,
    ).map(tuple),
    links=st.lists(
        st.builds(Link, _text, st.sampled_from(["https://k.example/" + "长" * 300, "javascript:x", "x"])),
        max_size=3,
    ).map(tuple),
    mentions=st.lists(_people, max_size=15).map(tuple),
    others=st.lists(
        st.builds(Brief, st.just("b"), st.sampled_from(SEVERITIES), _text, _text), max_size=9
    ).map(tuple),
    repeated=st.booleans(),
)
