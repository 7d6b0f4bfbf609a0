"""Notifications against real receivers: what each platform answers, and what becomes of it."""

import base64
import hashlib
import hmac
import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.resolver import ThreadedResolver
from pydantic import SecretStr

from streams import notify
from streams.notify import http
from streams.notify.base import Channel, Mention, Message, Receipt
from streams.notify.delivery import Patience, deliver
from streams.notify.limits import Gate, choose
from tests.messages import ALERT, alert, numbered
from tests.receivers import MailServer, Receiver, Reply, listening

# apprise imports it where Python still has it.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

QUICK = Patience(attempts=3, first=0.01, longest=1.0)
HTTP_KINDS = ("dingtalk", "wecom", "feishu", "webhook")
ROBOTS = HTTP_KINDS[:3]
PATHS = {
    "dingtalk": "/robot/send?access_token=tok0123456789abcdef",
    "wecom": "/cgi-bin/webhook/send?key=tok0123456789abcdef",
    "feishu": "/open-apis/bot/v2/hook/tok0123456789abcdef",
    "webhook": "/in?token=tok0123456789abcdef",
}
SECRETS = {"dingtalk": "SEChushhush", "feishu": "hushhush", "webhook": "hushhush"}
OK = {
    "dingtalk": Reply(body='{"errcode":0,"errmsg":"ok"}'),
    "wecom": Reply(body='{"errcode":0,"errmsg":"ok"}'),
    "feishu": Reply(body='{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}'),
    "webhook": Reply(status=202, body="thanks"),
}


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    server = Receiver()
    async with listening(server):
        yield server


def made(kind: str, receiver: Receiver, **told: Any) -> Channel:
    secret = {"secret": SecretStr(SECRETS[kind])} if kind in SECRETS else {}
    url = SecretStr(receiver.url(PATHS[kind]))
    return notify.channel(kind, {"url": url, "allow_private": True, **secret, **told})


def harmless(receipt: Receipt) -> bool:
    return not any(secret in receipt.answer for secret in ("tok0123456789abcdef", "hushhush"))


@pytest.mark.parametrize("kind", HTTP_KINDS)
async def test_a_message_is_sent_once(kind: str, receiver: Receiver) -> None:
    receiver.answers(OK[kind])
    delivery = await deliver(made(kind, receiver), ALERT, QUICK)
    assert delivery.receipt.outcome == "sent"
    (request,) = receiver.requests
    assert request.target.startswith(PATHS[kind])
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert "断连投诉激增" in request.body.decode()


@pytest.mark.parametrize("kind", HTTP_KINDS)
async def test_a_server_error_is_tried_again(kind: str, receiver: Receiver) -> None:
    receiver.answers(Reply(500), Reply(503), OK[kind])
    delivery = await deliver(made(kind, receiver), ALERT, QUICK)
    assert [one.outcome for one in delivery.attempts] == ["later", "later", "sent"]


@pytest.mark.parametrize("kind", HTTP_KINDS)
async def test_429_silences_for_as_long_as_it_says(kind: str, receiver: Receiver) -> None:
    receiver.answers(Reply(429, headers={"Retry-After": "17"}))
    delivery = await deliver(made(kind, receiver), ALERT, QUICK)
    assert (delivery.receipt.outcome, delivery.receipt.limited) == ("later", True)
    assert delivery.receipt.retry_after == 17.0
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("kind", HTTP_KINDS)
@pytest.mark.parametrize("status", [301, 307, 404])
async def test_a_redirect_or_a_refusal_is_final_and_not_followed(
    kind: str, status: int, receiver: Receiver
) -> None:
    receiver.answers(Reply(status, headers={"Location": receiver.url("/elsewhere")}))
    delivery = await deliver(made(kind, receiver), ALERT, QUICK)
    assert delivery.receipt.outcome == "refused"
    assert [request.target.partition("?")[0] for request in receiver.requests] == [
        PATHS[kind].partition("?")[0]
    ]


@pytest.mark.parametrize("kind", HTTP_KINDS)
async def test_no_answer_is_unknown_and_the_next_attempt_is_marked(
    kind: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIME_LIMIT", 0.4)
    receiver.answers(Reply(kind="drop"), Reply(kind="hang"), OK[kind])
    delivery = await deliver(made(kind, receiver), ALERT, QUICK)
    assert [one.outcome for one in delivery.attempts] == ["unknown", "unknown", "sent"]
    assert all(harmless(one) for one in delivery.attempts)
    assert ["可能重复" in request.body.decode() for request in receiver.requests] == [False, True, True]


@pytest.mark.parametrize("kind", HTTP_KINDS)
async def test_nobody_listening_was_surely_not_delivered(kind: str, receiver: Receiver) -> None:
    channel = made(kind, receiver)
    silent = notify.channel(
        kind, {"url": SecretStr(f"http://127.0.0.1:1{PATHS[kind]}"), "allow_private": True}
    )
    assert channel.config != silent.config
    delivery = await deliver(silent, ALERT, QUICK)
    assert [one.outcome for one in delivery.attempts] == ["later"] * 3
    assert "连不上 127.0.0.1" in delivery.receipt.answer
    assert harmless(delivery.receipt)


@pytest.mark.parametrize(
    ("kind", "body", "outcome", "code", "words"),
    [
        ("dingtalk", '{"errcode":310000,"errmsg":"keywords not in content"}', "refused", "310000", "关键词"),
        ("dingtalk", '{"errcode":310000,"errmsg":"sign not match"}', "refused", "310000", "加签密钥不符"),
        ("dingtalk", '{"errcode":310000,"errmsg":"invalid timestamp"}', "refused", "310000", "时钟"),
        ("dingtalk", '{"errcode":310000,"errmsg":"ip 1.2.3.4 not in whitelist"}', "refused", "310000", "白名单"),
        ("dingtalk", '{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}', "later", "130101", "10 分钟"),
        ("dingtalk", '{"errcode":410100,"errmsg":"发送速度太快而限流"}', "later", "410100", "太快"),
        ("dingtalk", '{"errcode":300005,"errmsg":"token is not exist"}', "refused", "300005", "Webhook 地址"),
        ("dingtalk", '{"errcode":-1,"errmsg":"系统繁忙"}', "later", "-1", "繁忙"),
        ("wecom", '{"errcode":93000,"errmsg":"invalid webhook url"}', "refused", "93000", "移除"),
        ("wecom", '{"errcode":45009,"errmsg":"api freq out of limit"}', "later", "45009", "太快"),
        ("wecom", '{"errcode":40058,"errmsg":"markdown.content exceed max length 4096"}', "refused", "40058", "超长"),
        ("feishu", '{"code":19021,"msg":"sign match fail or timestamp is not within one hour"}', "refused", "19021", "密钥"),
        ("feishu", '{"code":19022,"msg":"Ip Not Allowed"}', "refused", "19022", "白名单"),
        ("feishu", '{"code":19024,"msg":"Key Words Not Found"}', "refused", "19024", "keyword"),
        ("feishu", '{"code":19001,"msg":"param invalid: access token invalid"}', "refused", "19001", "Webhook 地址"),
        ("feishu", '{"code":11232,"data":{},"msg":"frequency limited psm[x]appID[1500]"}', "later", "11232", "太快"),
        ("feishu", '{"code":9499,"msg":"Bad Request","data":{}}', "refused", "9499", "请求不对"),
        ("feishu", '{"code":9499,"msg":"too many request"}', "later", "9499", "太快"),
    ],
)  # fmt: skip
async def test_an_error_inside_http_200_is_an_error_in_words(
    kind: str, body: str, outcome: str, code: str, words: str, receiver: Receiver
) -> None:
    receiver.answers(Reply(body=body))
    receipt = await made(kind, receiver).send(ALERT)
    assert (receipt.outcome, receipt.code) == (outcome, code)
    assert words in receipt.answer
    assert code in receipt.answer
    assert receipt.limited == (receipt.retry_after is not None) == ("太快" in receipt.answer)
    if kind == "dingtalk" and receipt.limited:
        assert receipt.retry_after == 600.0


@pytest.mark.parametrize("kind", ROBOTS)
@pytest.mark.parametrize("body", ["", "<html>登录</html>", "[]", "{}", '{"errcode":"0"}'])
async def test_an_answer_that_is_not_the_platform_s_is_no_delivery(
    kind: str, body: str, receiver: Receiver
) -> None:
    receiver.answers(Reply(body=body))
    receipt = await made(kind, receiver).send(ALERT)
    assert receipt.outcome == "later"
    assert "代理" in receipt.answer


@pytest.mark.parametrize("kind", ROBOTS)
async def test_a_code_that_nobody_knows_is_told_as_it_is_and_tried_again(
    kind: str, receiver: Receiver
) -> None:
    receiver.answers(
        Reply(body='{"errcode":77,"errmsg":"tok0123456789abcdef odd","code":77,"msg":"odd"}'), OK[kind]
    )
    delivery = await deliver(made(kind, receiver), ALERT, QUICK)
    assert delivery.attempts[0].outcome == "later"
    assert "77" in delivery.attempts[0].answer
    assert "odd" in delivery.attempts[0].answer
    assert harmless(delivery.attempts[0])
    assert delivery.receipt.outcome == "sent"


async def test_dingtalk_s_signature_is_the_one_it_checks(receiver: Receiver) -> None:
    receiver.answers(OK["dingtalk"])
    await made("dingtalk", receiver).send(alert(mentions=(Mention(mobile="13800138000"),)))
    (request,) = receiver.requests
    at = request.query["timestamp"]
    assert abs(int(at) / 1000 - time.time()) < 60
    digest = hmac.digest(b"SEChushhush", f"{at}\nSEChushhush".encode(), hashlib.sha256)
    assert request.query["sign"] == base64.b64encode(digest).decode()
    assert request.json["at"]["atMobiles"] == ["13800138000"]
    assert "@13800138000" in request.json["markdown"]["text"]


async def test_feishu_s_signature_is_the_one_it_checks(receiver: Receiver) -> None:
    receiver.answers(OK["feishu"])
    await made("feishu", receiver).send(ALERT)
    (request,) = receiver.requests
    at = request.json["timestamp"]
    assert abs(int(at) - time.time()) < 60
    digest = hmac.digest(f"{at}\nhushhush".encode(), b"", hashlib.sha256)
    assert request.json["sign"] == base64.b64encode(digest).decode()


async def test_a_webhook_can_be_checked_and_received_twice(receiver: Receiver) -> None:
    receiver.answers(Reply(500), Reply())
    await deliver(made("webhook", receiver), ALERT, QUICK)
    first, second = receiver.requests
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == "a1:1"
    stamp, _, mark = second.headers["x-koubei-signature"].partition(",v1=")
    at = stamp.removeprefix("t=")
    assert abs(int(at) - time.time()) < 60
    assert mark == hmac.new(b"hushhush", f"{at}.".encode() + second.body, hashlib.sha256).hexdigest()
    told = second.json
    assert told["alert_id"] == "a1"
    assert told["severity"] == "red"
    assert told["brand"] == "XX耳机"
    assert "10 分钟负面 52 条" in told["text"]
    assert told["links"][0] == {"label": "查看并认领", "url": "https://k.example/a/a1"}
    assert told["samples"][0]["spans"] == [[0, 4]]


async def test_a_key_of_any_characters_fits_into_its_header(receiver: Receiver) -> None:
    assert (await made("webhook", receiver).send(alert(key="规则:1\r\nX: y"))).outcome == "sent"
    assert receiver.requests[0].headers["idempotency-key"] == "%E8%A7%84%E5%88%99:1%0D%0AX:%20y"
    assert receiver.requests[0].json["key"] == "规则:1\r\nX: y"


async def test_a_webhook_s_answer_is_not_told(receiver: Receiver) -> None:
    receiver.answers(Reply(400, body="inner secret"), Reply(200, body="inner secret"))
    channel = made("webhook", receiver)
    assert "inner" not in (await channel.send(ALERT)).answer
    assert "inner" not in (await channel.send(ALERT)).answer


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127.1", "0x7f000001"]
)
@pytest.mark.parametrize("kind", HTTP_KINDS)
async def test_addresses_inside_are_refused_unless_allowed(kind: str, host: str, receiver: Receiver) -> None:
    url = SecretStr(f"https://{host}:{receiver.port}{PATHS[kind]}")
    receipt = await notify.channel(kind, {"url": url}).send(ALERT)
    assert receipt.outcome == "refused"
    assert "allow_private" in receipt.answer or host == "127.1"  # aiohttp takes that for no address at all
    assert receiver.connections == 0


async def test_a_name_is_resolved_once_and_what_was_looked_at_is_where_it_goes(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIME_LIMIT", 1.0)
    looked_at: list[str] = []
    asked = resolving(monkeypatch, "127.0.0.1", "10.0.0.1")
    monkeypatch.setattr(http, "is_inside", looked_at.append)
    url = SecretStr(f"https://rebind.example:{receiver.port}{PATHS['webhook']}")
    receipt = await notify.channel("webhook", {"url": url}).send(ALERT)
    assert receipt.outcome == "later"  # it speaks no TLS, and this name has no certificate
    assert receiver.connections == 1
    assert asked == ["rebind.example"]
    assert looked_at == ["rebind.example", "127.0.0.1"]


async def test_outside_this_network_only_https_is_spoken(receiver: Receiver) -> None:
    receipt = await notify.channel("webhook", {"url": SecretStr("http://example.com/")}).send(ALERT)
    assert receipt.outcome == "refused"
    assert "https" in receipt.answer


async def test_a_name_with_one_address_inside_is_refused(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, ["203.119.26.1", "169.254.169.254"])
    url = SecretStr(f"https://metadata.example:{receiver.port}/")
    receipt = await notify.channel("webhook", {"url": url}).send(ALERT)
    assert (receipt.outcome, "allow_private" in receipt.answer) == ("refused", True)


async def test_a_name_that_nobody_knows_and_a_server_without_tls_are_tried_again(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIME_LIMIT", 1.0)
    for url in ("https://nobody.invalid/", f"https://127.0.0.1:{receiver.port}/"):
        receipt = await notify.channel("webhook", {"url": SecretStr(url), "allow_private": True}).send(ALERT)
        assert receipt.outcome == "later", receipt
        assert "连不上" in receipt.answer


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: str | list[str]) -> list[str]:
    """Names resolve to these answers in turn; returns the names that are asked for."""
    asked: list[str] = []
    left = list(answers)

    async def resolve(_: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
        asked.append(host)
        found = left.pop(0)
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET,
                "proto": 0,
                "flags": 0,
            }
            for address in ([found] if isinstance(found, str) else found)
        ]

    monkeypatch.setattr(ThreadedResolver, "resolve", resolve)
    return asked


async def test_a_silenced_robot_hands_over_and_nothing_is_lost_or_twice(receiver: Receiver) -> None:
    receiver.answers(*[OK["dingtalk"]] * 2, Reply(body='{"errcode":130101,"errmsg":"send too fast"}'))
    second = Receiver()
    second.answers(OK["wecom"])
    async with listening(second):
        channels = {"ding": made("dingtalk", receiver), "wecom": made("wecom", second)}
        gates = {name: Gate(per_minute=one.config.per_minute, tokens=4) for name, one in channels.items()}
        now, ledger = 0.0, Counter[str]()
        arriving, due = [numbered(number) for number in range(30)], list[Message]()
        while arriving or due or any(gate.waiting for gate in gates.values()):
            due += [arriving.pop(0)] if arriving else []
            name = choose(tuple(channels), gates, now)
            gates[name] = gates[name].offer(due, now)
            due = []
            gates[name], parcel = gates[name].take(now)
            if parcel is None:
                now += 0.0 if arriving else 1.0
                assert now < 60
                continue
            receipt = (await deliver(channels[name], parcel.message, QUICK)).receipt
            gates[name] = gates[name].answered(receipt, now)
            if receipt.outcome == "sent":
                ledger.update(parcel.keys)
            else:
                gates[name], left = gates[name].emptied()
                due = [*parcel.parts, *left]
    assert ledger == Counter({f"k{number}": 1 for number in range(30)})
    assert gates["ding"].silent(now)
    assert [len(one.requests) for one in (receiver, second)] == [3, 5]
    assert "另有 22 条" in second.requests[-1].body.decode()


async def test_a_huge_answer_is_not_read_to_its_end(receiver: Receiver) -> None:
    receiver.answers(Reply(body="x" * 5_000_000))
    assert (await made("webhook", receiver).send(ALERT)).outcome == "sent"


def mail(server: MailServer) -> Channel:
    url = f"mailto://koubei.example:{server.port}/?smtp=127.0.0.1&mode=insecure&from=k@koubei.example&to=oncall@koubei.example"
    return notify.channel("apprise", {"url": SecretStr(url)})


async def test_mail_goes_through_apprise() -> None:
    server = MailServer()
    async with listening(server):
        receipt = await mail(server).send(ALERT)
        assert receipt.outcome == "sent", receipt
        (got,) = server.mails
    assert "Subject:" in got
    assert "To: oncall@koubei.example" in got


@pytest.mark.parametrize(
    ("said", "outcome"), [("550 no such user", "refused"), ("451 try again", "later"), ("250 ok", "sent")]
)
async def test_a_mail_server_s_answer_is_understood(said: str, outcome: str) -> None:
    server = MailServer()
    server.recipient = said
    async with listening(server):
        receipt = await mail(server).send(ALERT)
    assert receipt.outcome == outcome, receipt


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(200), "sent"),
        (Reply(401), "refused"),
        (Reply(429), "later"),
        (Reply(500), "later"),
        (Reply(kind="drop"), "unknown"),
    ],
)
async def test_apprise_s_failures_are_told_honestly(reply: Reply, outcome: str, receiver: Receiver) -> None:
    receiver.answers(reply)
    url = f"json://me:tok0123456789abcdef@127.0.0.1:{receiver.port}/in"
    receipt = await notify.channel("apprise", {"url": SecretStr(url)}).send(ALERT)
    assert receipt.outcome == outcome, receipt
    assert harmless(receipt)
    assert len(receiver.requests) == 1
    assert receiver.requests[0].json["title"] == "【红色】XX耳机 · 断连投诉激增"


@pytest.mark.parametrize(
    ("scheme", "kind"), [("dingtalk", "dingtalk"), ("wecombot", "wecom"), ("lark", "feishu")]
)
async def test_apprise_is_not_used_where_it_would_lie(scheme: str, kind: str) -> None:
    receipt = await notify.channel("apprise", {"url": SecretStr(f"{scheme}://token")}).send(ALERT)
    assert receipt.outcome == "refused"
    assert f'kind = "{kind}"' in receipt.answer


async def test_apprise_s_debug_lines_reach_no_log(receiver: Receiver) -> None:
    lines: list[str] = []
    root, handler = logging.getLogger(), logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    root.addHandler(handler)
    try:
        url = f"json://me:tok0123456789abcdef@127.0.0.1:{receiver.port}/in/tok0123456789abcdef"
        await notify.channel("apprise", {"url": SecretStr(url)}).send(ALERT)
    finally:
        root.removeHandler(handler)
    assert receiver.requests
    assert not [line for line in lines if "tok0123456789abcdef" in line]


async def test_an_address_that_apprise_does_not_know_is_refused_without_telling_it() -> None:
    receipt = await notify.channel("apprise", {"url": SecretStr("nonsense://hushhush")}).send(ALERT)
    assert receipt.outcome == "refused"
    assert harmless(receipt)
    url = SecretStr("mailto://me:tok0123456789abcdef@127.0.0.1/?to=a@b.example")
    receipt = await notify.channel("apprise", {"url": url}).send(ALERT)
    assert receipt.outcome == "refused"
    assert "email" in receipt.answer
    assert harmless(receipt)


class TestCommand:
    """`koubei notify` as a person types it."""

    @staticmethod
    async def run(folder: Path, *arguments: str) -> tuple[int, str]:
        import asyncio

        kept = {name: value for name, value in os.environ.items() if not name.startswith("KOUBEI_")}
        root = str(Path(__file__).parents[2])
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "streams", "notify", *arguments,
            cwd=folder, env={**kept, "PYTHONPATH": root}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        told, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode is not None
        return process.returncode, told.decode()

    async def test_a_wrong_secret_is_told_in_the_platform_s_words_and_ours(
        self, tmp_path: Path, receiver: Receiver
    ) -> None:
        receiver.answers(Reply(body='{"errcode":310000,"errmsg":"sign not match"}'), OK["dingtalk"])
        self.write(tmp_path, "dingtalk", receiver, 'secret = "SEChushhush"')
        code, told = await self.run(tmp_path, "test", "oncall")
        assert code == 78
        assert "310000 sign not match" in told
        assert "加签密钥不符：在 群设置→机器人 复制以 SEC 开头的一行" in told
        assert "hushhush" not in told
        code, told = await self.run(tmp_path, "test", "oncall", "--severity", "red", "--short")
        assert code == 0
        assert "✓ 已送达：钉钉已接收（ok）" in told
        long, short = (request.json["markdown"]["text"] for request in receiver.requests)
        assert "【测试·黄色】" in long
        assert "来源：" in long
        assert "【测试·红色】" in short
        assert "来源：" not in short

    async def test_list_and_json_show_no_secret(self, tmp_path: Path, receiver: Receiver) -> None:
        receiver.answers(Reply(503))
        self.write(tmp_path, "webhook", receiver, 'secret = "hushhush"')
        code, told = await self.run(tmp_path, "list", "--json")
        assert (code, json.loads(told)[0]["to"]) == (0, "127.0.0.1")
        assert "hushhush" not in told
        assert "tok0123" not in told
        code, told = await self.run(tmp_path, "test", "oncall", "--json")
        assert code == 69
        assert json.loads(told)["outcome"] == "later"

    async def test_without_a_channel_the_lines_to_write_are_shown_and_work(self, tmp_path: Path) -> None:
        code, told = await self.run(tmp_path, "test", "oncall")
        assert code == 78
        (tmp_path / "koubei.toml").write_text(told[told.index("[channels") :], "utf-8")
        code, told = await self.run(tmp_path, "test", "onkall")
        assert code == 78
        assert "是不是想写 koubei notify test oncall" in told

    @staticmethod
    def write(folder: Path, kind: str, receiver: Receiver, more: str) -> None:
        text = f'[channels.oncall]\nkind = "{kind}"\nurl = "{receiver.url(PATHS[kind])}"\nallow_private = true\n{more}\n'
        (folder / "koubei.toml").write_text(text, "utf-8")
