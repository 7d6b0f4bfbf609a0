"""企业微信: the robot of a group. The key in its address is its only secret."""

from dataclasses import dataclass
from typing import Any, ClassVar

from streams.clock import SYSTEM, Clock
from streams.language import t
from streams.notify import base, render
from streams.notify.base import Message, Receipt
from streams.notify.robot import Meaning, ask

MARKDOWN = 4096
"""Bytes of a markdown message."""

TEXT = 2048
"""Bytes of a text message."""

_COLOURS = {"red": "warning", "orange": "warning", "yellow": "warning", "blue": "comment"}
_GONE = (
    Meaning(
        "refused",
        "机器人已被移除或地址不对：在 群设置→群机器人 复制 Webhook 地址",
        "the robot is gone, or the address is wrong: copy the Webhook address from the group's robots",
    ),
)
_TOO_FAST = (Meaning("later", "发得太快，1 分钟后再发", "too fast: again in a minute", 60.0),)
_MEANINGS = {
    93000: _GONE,
    93004: (Meaning("refused", "机器人已停用", "the robot is off"),),
    93008: (Meaning("refused", "机器人不在群里", "the robot is not in the group"),),
    45009: _TOO_FAST,
    45033: _TOO_FAST,
    40008: (Meaning("refused", "不支持的消息类型", "it does not know this kind of message"),),
    40058: (Meaning("refused", "参数不对，多半是超长", "a wrong parameter: usually too long"),),
    44004: (Meaning("refused", "内容为空", "the content is empty"),),
    -1: (Meaning("later", "企业微信系统繁忙", "the platform is busy"),),
}


@dataclass(frozen=True, kw_only=True)
class Config(base.RobotConfig):
    """A 企业微信 robot."""


class Markdown:
    """What 企业微信 draws of markdown: three colours, and no escape."""

    newline = "\n"

    def escape(self, text: str) -> str:
        """The text with all markup as full-width characters."""
        return render.widen(text, "\\`*_[]()<>#!|~&@$")

    def headline(self, text: str, message: Message) -> str:
        """In one of the three colours; green where it is over."""
        colour = "info" if message.state == "resolved" else _COLOURS[message.severity]
        return f'<font color="{colour}">{text}</font>'

    def mark(self, text: str) -> str:
        """In orange."""
        return f'<font color="warning">{text}</font>'

    def quote(self, text: str) -> str:
        """Set off."""
        return f"> {text}"

    def link(self, label: str, url: str) -> str:
        """A link."""
        return f"[{label}]({url})"


class WeCom:
    """Writes into the group of the robot."""

    kind: ClassVar[str] = "wecom"

    def __init__(self, config: Config, *, clock: Clock = SYSTEM) -> None:
        self.config = config
        self._clock = clock
        self._hidden = base.secrets(config.url)

    async def send(self, message: Message) -> Receipt:
        """Make one attempt."""
        return await ask(
            self.config,
            request(message, self.config),
            _MEANINGS,
            platform=t("企业微信", "WeCom"),
            hidden=self._hidden,
            clock=self._clock,
        )


def request(message: Message, config: Config) -> dict[str, Any]:
    """The body of the request.

    Markdown can notify by user id only. Whoever is known by mobile number alone, and everyone together, can be
    reached by a text message, so that the message is one then.
    """
    markup = Markdown()
    people = message.mentions[: render.MENTIONS]
    users = [one.wecom for one in people if one.wecom]
    mobiles = [one.mobile for one in people if one.mobile and not one.wecom]
    everyone = ["@all"] if any(one.everyone for one in people) else []
    unreachable = [one for one in people if one.name and not (one.wecom or one.mobile or one.everyone)]
    if config.style == "text" or mobiles or everyone:
        called = " ".join(f"@{render.clean(one.name)[:20]}" for one in unreachable)
        text = render.text_of(message, config.form, TEXT, mentions=called)
        return {
            "msgtype": "text",
            "text": {
                "content": text,
                "mentioned_list": [*users, *everyone],
                "mentioned_mobile_list": mobiles,
            },
        }
    calls = [f"<@{user}>" for user in users]
    calls += [f"@{markup.escape(render.clean(one.name))[:20]}" for one in unreachable]
    found = render.lines(message, markup, config.form, mentions=" ".join(calls))
    text = render.fit(found, MARKDOWN, markup.newline, form=config.form)
    return {"msgtype": "markdown", "markdown": {"content": text}}
