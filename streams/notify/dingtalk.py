"""钉钉: the robot of a group, custom webhook."""

import hashlib
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote_plus

from pydantic import SecretStr

from streams.clock import SYSTEM, Clock
from streams.language import t
from streams.notify import base, render
from streams.notify.base import Message, Receipt
from streams.notify.robot import Meaning, ask, signature

SIZE = 18_000
"""Bytes of a text; the platform takes about 20,000 of the whole request."""

SILENCE = 600.0
"""Seconds that 钉钉 takes nothing after the 21st message of a minute."""

_COLOURS = {"red": "#D93026", "orange": "#E8710A", "yellow": "#B58900", "blue": "#1A73E8"}
_TOO_FAST = (
    Meaning("later", "发得太快，10 分钟内不再收", "too fast: it takes nothing for 10 minutes", SILENCE),
)
_GONE = (
    Meaning(
        "refused",
        "机器人不存在或已停用：在 群设置→机器人 复制新的 Webhook 地址",
        "no such robot, or it is off: copy the Webhook address from the group's robot settings",
    ),
)
_CONTENT = (
    Meaning("refused", "内容被钉钉的安全审核拦下", "the content was stopped by the platform's own review"),
)
_MEANINGS = {
    310000: (
        Meaning(
            "refused",
            "缺少关键词：在这个渠道里写 keyword，与机器人设置的一致",
            "no keyword of the robot's in it: set keyword of this channel to one",
            says="keyword",
        ),
        Meaning(
            "refused",
            "加签密钥不符：在 群设置→机器人 复制以 SEC 开头的一行",
            "the secret does not match: copy the line that begins with SEC from the group's robot settings",
            says="sign",
        ),
        Meaning(
            "refused",
            "时间差超过 1 小时：校准这台机器的时钟",
            "more than 1 h off: set this machine's clock",
            says="timestamp",
        ),
        Meaning(
            "refused",
            "这台机器的出口 IP 不在机器人的白名单里",
            "this machine's public address is not on the robot's list",
            says="whitelist",
        ),
        Meaning(
            "refused",
            "安全设置不符：关键词、加签或 IP",
            "the robot's security settings: keyword, sign or address",
        ),
    ),
    130101: _TOO_FAST,
    410100: _TOO_FAST,
    660026: _TOO_FAST,
    300001: _GONE,
    300005: _GONE,
    400101: _GONE,
    400102: _GONE,
    400106: _GONE,
    400013: (Meaning("refused", "群已解散", "the group is gone"),),
    430101: _CONTENT,
    430102: _CONTENT,
    430103: _CONTENT,
    430104: _CONTENT,
    -1: (Meaning("later", "钉钉系统繁忙", "the platform is busy"),),
}


@dataclass(frozen=True, kw_only=True)
class Config(base.RobotConfig):
    """A 钉钉 robot.

    Attributes:
        secret: of 加签, SEC…; None if the robot is secured otherwise.
        keyword: one of the robot's keywords; put into every title.
    """

    secret: SecretStr | None = None
    keyword: str = ""


class Markdown:
    """What 钉钉 draws of markdown. It has no escape, so what means something becomes full-width."""

    newline = "\n\n"

    def escape(self, text: str) -> str:
        """The text with `@` and all markup as full-width characters."""
        return render.widen(text, "\\`*_[]()<>#!|~&@$")

    def headline(self, text: str, message: Message) -> str:
        """In the colour of the level."""
        return f'### <font color="{_COLOURS[message.severity]}">{text}</font>'

    def mark(self, text: str) -> str:
        """In red."""
        return f'<font color="#D93026">{text}</font>'

    def quote(self, text: str) -> str:
        """Set off."""
        return f"> {text}"

    def link(self, label: str, url: str) -> str:
        """A link."""
        return f"[{label}]({url})"


class DingTalk:
    """Writes into the group of the robot."""

    kind: ClassVar[str] = "dingtalk"

    def __init__(self, config: Config, *, clock: Clock = SYSTEM) -> None:
        self.config = config
        self._clock = clock
        self._hidden = base.secrets(config.url, config.secret)

    async def send(self, message: Message) -> Receipt:
        """Make one attempt."""
        return await ask(
            self.config,
            request(message, self.config),
            _MEANINGS,
            platform=t("钉钉", "DingTalk"),
            hidden=self._hidden,
            clock=self._clock,
            query=signed(self.config.secret, self._clock.now()),
        )


def signed(secret: SecretStr | None, now: float) -> str:
    """What 加签 adds to the address; `now` in Unix seconds."""
    if secret is None:
        return ""
    at = round(now * 1000)
    key = secret.get_secret_value()
    sign = quote_plus(signature(key, f"{at}\n{key}"))
    return f"timestamp={at}&sign={sign}"


def request(message: Message, config: Config) -> dict[str, Any]:
    """The body of the request.

    People are notified only if their number stands in `at` and, for a card, as @number in the text as well.
    """
    markup = Markdown()
    people = message.mentions[: render.MENTIONS]
    mobiles = [one.mobile for one in people if one.mobile]
    users = [one.dingtalk for one in people if one.dingtalk and not one.mobile]
    everyone = any(one.everyone for one in people)
    calls = [f"@{name}" for name in (*mobiles, *users)]
    calls += [
        f"@{markup.escape(render.clean(one.name))[:20]}"
        for one in people
        if one.name and not (one.mobile or one.dingtalk or one.everyone)
    ]
    at = {"atMobiles": mobiles, "atUserIds": users, "isAtAll": everyone}
    # 钉钉 drops a second message with the same id, so that an attempt without an answer can be made again.
    once = hashlib.sha256(message.key.encode()).hexdigest()[:32]
    if config.style == "text":
        text = render.text_of(message, config.form, SIZE, keyword=config.keyword, mentions=" ".join(calls))
        return {"msgtype": "text", "text": {"content": text}, "at": at, "msgUuid": once}
    found = render.lines(message, markup, config.form, keyword=config.keyword, mentions=" ".join(calls))
    text = render.fit(found, SIZE, markup.newline, form=config.form)
    title = render.headline(message, render.Plain(), config.keyword)
    return {"msgtype": "markdown", "markdown": {"title": title, "text": text}, "at": at, "msgUuid": once}
