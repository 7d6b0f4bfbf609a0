"""koubei notify: the ways to reach people, and a trial message through one of them."""

import asyncio
import difflib
import sys
import uuid
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from cyclopts import Parameter

from streams.cli.common import Json, group, say, settings, show_json
from streams.clock import SYSTEM
from streams.config import CONFIG_FILE, Settings
from streams.errors import BadConfig
from streams.language import t
from streams.severity import Severity

if TYPE_CHECKING:
    from streams.notify.base import Message, Receipt

app = group("notify", "通知渠道：列出、试发", "Channels of notifications: list them, send a trial")

UNAVAILABLE = 69
EXIT = {"sent": 0, "refused": BadConfig.exit_code, "later": UNAVAILABLE, "unknown": UNAVAILABLE}
"""What each outcome ends with."""

_EXAMPLE = """\
[channels.oncall]
kind = "dingtalk"      # dingtalk、wecom、feishu、webhook、apprise
url = "https://oapi.dingtalk.com/robot/send?access_token=…"
secret = "SEC…"

[channels.program]
kind = "webhook"
url = "https://example.com/koubei"
secret = "file:/run/secrets/koubei-webhook"

[channels.mail]
kind = "apprise"
url = "mailtos://user:password@example.com?to=oncall@example.com"
"""


@app.command(name="list", help=t("列出渠道；密钥不显示", "List the channels; secrets are not shown"))
def list_(*, json: Json = False) -> int:
    """Print the channels; ends with 78 if one of them cannot be used as it is."""
    loaded = settings()
    found = [_described(loaded, name) for name in loaded.channels]
    if json:
        show_json(found)
    elif not found:
        say(_none())
    else:
        _table(found)
        name = found[0]["name"]
        say(t(f"试发一条：koubei notify test {name}", f"Send a trial: koubei notify test {name}"))
    return BadConfig.exit_code if any(one["problem"] for one in found) else 0


@app.command(
    name="test", help=t("发一条测试消息，显示对方的答复", "Send a trial message and show the answer")
)
def send_trial(
    channel: Annotated[str, Parameter(help=t("渠道名", "Name of the channel"))],
    /,
    *,
    severity: Annotated[Severity, Parameter(help=t("级别", "Level"))] = "yellow",
    short: Annotated[bool, Parameter(help=t("短消息", "The short form"))] = False,
    digest: Annotated[bool, Parameter(help=t("发上一周的告警周报", "Send the digest of last week"))] = False,
    json: Json = False,
) -> int:
    """Send one message as an alert would be sent: 0 delivered, 78 refused, 69 not now or not known."""
    from streams import notify
    from streams.notify.delivery import Patience, deliver

    loaded = settings()
    chosen = loaded.channels.get(channel)
    if chosen is None:
        raise BadConfig(_unknown(channel, list(loaded.channels)))
    told = chosen.told(channel) | ({"form": "short"} if short else {})
    way = notify.channel(chosen.kind, told)
    written = asyncio.run(last_digest(loaded)) if digest else trial(loaded, severity)
    began = SYSTEM.monotonic()
    receipt = asyncio.run(deliver(way, written, Patience(attempts=1))).receipt
    seconds = round(SYSTEM.monotonic() - began, 2)
    if json:
        show_json(
            {
                "channel": channel,
                "kind": chosen.kind,
                "outcome": receipt.outcome,
                "answer": receipt.answer,
                "code": receipt.code,
                "retry_after": receipt.retry_after,
                "seconds": seconds,
            }
        )
    else:
        print(t(f"{_told(receipt)}（{seconds:.2f} 秒）", f"{_told(receipt)} ({seconds:.2f} s)"))
    return EXIT[receipt.outcome]


async def last_digest(loaded: Settings) -> "Message":
    """The digest of the week before this one, as it stands now."""
    from contextlib import closing

    from msgspec.structs import replace

    from streams.cli.common import reader_url
    from streams.notify import weekly
    from streams.read.queries import Reader
    from streams.read.tuning import digest

    week = weekly.last(loaded.timezone, SYSTEM.now())
    with closing(Reader(reader_url(loaded), connections=1)) as reader:
        found = await digest(reader, week.since, week.until)
    written = weekly.message(week, found.rules, found.whole, base=loaded.web.base, timezone=loaded.timezone)
    return replace(written, key=f"test-{uuid.uuid4().hex[:12]}")


def trial(loaded: Settings, severity: Any) -> "Message":
    """A message about an alert that there is not, written as one about a real alert is."""
    from msgspec.structs import replace

    from streams.alerts.explanation import Example, Explanation, Reach, Source, Tone, Usual
    from streams.alerts.links import Addresses
    from streams.alerts.model import Alert, Event, Notice
    from streams.notify.telling import message
    from streams.rules.rule import Rule

    number = f"test-{uuid.uuid4().hex[:12]}"
    now = SYSTEM.now()
    text = t("这是测试：又断连了，售后让我自己寄", "A trial: it lost the connection again")
    evidence = t("又断连了", "lost the connection")
    start = text.index(evidence)
    weibo = t("微博", "Weibo")
    made_up = Alert(
        alert_id=number,
        dedup_key=number,
        rule=t("通知测试", "notification test"),
        rule_version=1,
        kind="spike",
        brand=t("示例品牌", "Example"),
        severity=severity,
        first_fired=now,
        last_fired=now,
        window_start=now - 600,
        window_end=now,
        value=52,
        expected=9,
        last=Event(kind="fired", at=now),
    )
    said = Explanation(
        rule=Rule(name=made_up.rule, kind="spike", sentiment="neg"),
        start=now - 600,
        stop=now,
        count=52,
        usual=Usual(9, 4),
        sources=(Source(weibo, 41), Source(t("抖音", "Douyin"), 11)),
        tone=Tone(2, 4, 46),
        reach=Reach(48, 1_203_000, 880_000),
        examples=(
            Example(
                platform=weibo,
                id="1",
                at=now,
                text=text,
                spans=((start, start + len(evidence)),),
                reposts=12_000,
            ),
        ),
    )
    notice = Notice(
        key=number, alert_id=number, reason="firing", at=now, note=t("示例数字", "made-up figures")
    )
    links = Addresses(f"{loaded.web.base}/")
    written = message(made_up, notice, said, links=links, timezone=loaded.timezone)
    return replace(written, state="test", title=t("这是一条测试消息", "This is a test message"))


def _told(receipt: "Receipt") -> str:
    match receipt.outcome:
        case "sent":
            return t(f"✓ 已送达：{receipt.answer}", f"✓ Delivered: {receipt.answer}")
        case "refused":
            return t(f"✗ 被拒绝：{receipt.answer}", f"✗ Refused: {receipt.answer}")
        case "later":
            return t(f"✗ 现在发不出去：{receipt.answer}", f"✗ Not now: {receipt.answer}")
        case "unknown":
            return t(f"？ 不确定是否送达：{receipt.answer}", f"? Not known: {receipt.answer}")


def _described(loaded: Settings, name: str) -> dict[str, Any]:
    chosen = loaded.channels[name]
    found = {
        "name": name,
        "kind": chosen.kind,
        "to": "",
        "form": chosen.form,
        "per_minute": chosen.per_minute,
    }
    try:
        url = chosen.told(name)["url"].get_secret_value()
    except BadConfig as error:
        return {**found, "problem": str(error)}
    # Of an address of apprise even the host may be a token.
    to = url.partition("://")[0] if chosen.kind == "apprise" else urlsplit(url).hostname
    return {**found, "to": to, "problem": ""}


def _table(found: list[dict[str, Any]]) -> None:
    from streams.cli.tables import Rows, write
    from streams.store.client import Column

    titles = (
        t("渠道", "channel"),
        t("种类", "kind"),
        t("发往", "to"),
        t("形式", "form"),
        t("每分钟", "per minute"),
        t("问题", "problem"),
    )
    columns = [Column(title, "String") for title in titles]
    limitless = t("不限", "no limit")
    rows = [tuple({**one, "per_minute": one["per_minute"] or limitless}.values()) for one in found]
    write(Rows(columns, iter(rows)), "table", "UTC", sys.stdout)


def _unknown(name: str, known: list[str]) -> str:
    if not known:
        return _none()
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return t(
            f"没有渠道 {name}，是不是想写 koubei notify test {near[0]}？",
            f"There is no channel {name}; did you mean koubei notify test {near[0]}?",
        )
    return t(
        f"没有渠道 {name}；{CONFIG_FILE} 里有：{'、'.join(known)}",
        f"There is no channel {name}; {CONFIG_FILE} has {', '.join(known)}",
    )


def _none() -> str:
    return t(
        f"还没有通知渠道。在 {CONFIG_FILE} 里写（选一种），再试 koubei notify test oncall：\n\n{_EXAMPLE}",
        f"There are no channels yet. Put one into {CONFIG_FILE}, then koubei notify test oncall:\n\n{_EXAMPLE}",
    )
