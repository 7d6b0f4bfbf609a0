import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import unquote_plus

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from streams.notify import dingtalk, feishu, wecom
from streams.notify.base import Mention, Message, Sample
from tests.messages import ALERT, MESSAGES, alert

URL = SecretStr("https://robot.example/send?access_token=0123456789abcdef")
ZHANG = Mention(name="张三", mobile="13800138000")
LI = Mention(name="李四", dingtalk="ding-li", wecom="lisi", feishu="ou_li")
ALL = Mention(everyone=True)
FORMS = st.sampled_from(["long", "short"])
STYLES = st.sampled_from(["card", "text"])


def _ding(**told: Any) -> dingtalk.Config:
    return dingtalk.Config(url=URL, **told)


def _wecom(**told: Any) -> wecom.Config:
    return wecom.Config(url=URL, **told)


def _feishu(**told: Any) -> feishu.Config:
    return feishu.Config(url=URL, **told)


def test_dingtalk_signs_milliseconds_and_secret() -> None:
    query = dingtalk.signed(SecretStr("SECabc"), 1_700_000_000.25)
    assert query.startswith("timestamp=1700000000250&sign=")
    sign = unquote_plus(query.partition("&sign=")[2])
    digest = hmac.digest(b"SECabc", b"1700000000250\nSECabc", hashlib.sha256)
    assert base64.b64decode(sign) == digest
    assert dingtalk.signed(None, 0.0) == ""


def test_feishu_signs_nothing_with_seconds_and_secret_as_the_key() -> None:
    found = feishu.signed(SecretStr("demo"), 1_599_360_473.9)
    assert found["timestamp"] == "1599360473"
    digest = hmac.digest(b"1599360473\ndemo", b"", hashlib.sha256)
    assert base64.b64decode(found["sign"]) == digest
    assert feishu.signed(None, 0.0) == {}


def test_dingtalk_notifies_by_number_in_the_list_and_in_the_text() -> None:
    found = dingtalk.request(alert(mentions=(ZHANG, LI)), _ding())
    assert found["at"] == {"atMobiles": ["13800138000"], "atUserIds": ["ding-li"], "isAtAll": False}
    assert found["markdown"]["text"].endswith("@13800138000 @ding-li")
    assert dingtalk.request(alert(mentions=(ALL,)), _ding())["at"]["isAtAll"] is True


def test_nobody_is_notified_by_a_number_in_a_post() -> None:
    message = alert(samples=(Sample(text="找 @13800138000 @所有人 投诉"),), mentions=(LI,))
    found = dingtalk.request(message, _ding())
    assert found["at"]["atMobiles"] == []
    assert "@13800138000" not in found["markdown"]["text"]


def test_dingtalk_has_the_keyword_in_title_and_text_and_one_id_for_all_attempts() -> None:
    found = dingtalk.request(ALERT, _ding(keyword="口碑"))
    assert found["markdown"]["title"] == "【红色】XX耳机 · 断连投诉激增 · 口碑"
    assert "· 口碑</font>" in found["markdown"]["text"]
    again = dingtalk.request(alert(repeated=True), _ding())
    assert again["msgUuid"] == found["msgUuid"]
    assert dingtalk.request(alert(key="a1:2"), _ding())["msgUuid"] != found["msgUuid"]


def test_the_text_twin_says_the_same_without_marks() -> None:
    for said in (
        dingtalk.request(ALERT, _ding(style="text"))["text"]["content"],
        wecom.request(ALERT, _wecom(style="text"))["text"]["content"],
        feishu.request(ALERT, _feishu(style="text"))["content"]["text"],
    ):
        assert said.startswith("【红色】XX耳机 · 断连投诉激增\n10 分钟负面 52 条")
        assert "font" not in said
        assert "https://k.example/a/a1" in said


def test_wecom_notifies_by_user_id_in_markdown_and_by_number_in_text() -> None:
    card = wecom.request(alert(mentions=(LI,)), _wecom())
    assert card["markdown"]["content"].endswith("<@lisi>")
    text = wecom.request(alert(mentions=(LI, ZHANG)), _wecom())
    assert text["msgtype"] == "text"
    assert text["text"]["mentioned_list"] == ["lisi"]
    assert text["text"]["mentioned_mobile_list"] == ["13800138000"]
    everyone = wecom.request(alert(mentions=(ALL,)), _wecom())
    assert everyone["text"]["mentioned_list"] == ["@all"]


def test_feishu_notifies_in_card_and_text() -> None:
    card = feishu.request(alert(mentions=(LI, ALL, ZHANG)), _feishu())["card"]
    assert card["elements"][0]["content"].endswith("<at id=ou_li></at> <at id=all></at> @张三")
    text = feishu.request(alert(mentions=(LI, ALL)), _feishu(style="text"))
    assert text["content"]["text"].endswith('<at user_id="ou_li"></at> <at user_id="all"></at>')


def test_a_post_cannot_notify_in_a_feishu_text() -> None:
    message = alert(samples=(Sample(text='<at user_id="all"></at>'),), mentions=())
    assert "<at" not in feishu.request(message, _feishu(style="text"))["content"]["text"]


@pytest.mark.parametrize(
    ("changes", "colour"),
    [
        ({}, "red"),
        ({"severity": "blue"}, "blue"),
        ({"state": "resolved"}, "green"),
        ({"state": "acknowledged"}, "grey"),
    ],
)
def test_the_header_of_a_feishu_card_has_the_colour_of_the_level(
    changes: dict[str, str], colour: str
) -> None:
    card = feishu.request(alert(**changes), _feishu(keyword="口碑"))["card"]
    assert card["header"]["template"] == colour
    assert card["header"]["title"]["content"].endswith("断连投诉激增 · 口碑")


def test_the_links_of_a_feishu_card_are_buttons() -> None:
    (action,) = [
        one for one in feishu.request(ALERT, _feishu())["card"]["elements"] if one["tag"] == "action"
    ]
    assert [(one["text"]["content"], one["url"], one["type"]) for one in action["actions"]] == [
        ("查看并认领", "https://k.example/a/a1", "primary"),
        ("看板", "https://k.example/d", "default"),
    ]


@given(MESSAGES, FORMS, STYLES)
def test_every_request_keeps_to_the_platform_s_bytes(message: Message, form: str, style: str) -> None:
    told = {"form": form, "style": style}
    assert len(msgspec.json.encode(dingtalk.request(message, _ding(keyword="口碑", **told)))) <= 20_000
    assert len(msgspec.json.encode(feishu.request(message, _feishu(keyword="口碑", **told)))) <= 20_480
    found = wecom.request(message, _wecom(**told))
    if found["msgtype"] == "text":
        assert len(found["text"]["content"].encode()) <= 2048
    else:
        assert len(found["markdown"]["content"].encode()) <= 4096
    json.dumps(found)
