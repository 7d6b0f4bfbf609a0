"""飞书: the custom bot of a group."""

from dataclasses import dataclass
from typing import Any, ClassVar

from msgspec import structs
from pydantic import SecretStr

from streams.clock import SYSTEM, Clock
from streams.language import t
from streams.notify import base, render
from streams.notify.base import Message, Receipt
from streams.notify.robot import Meaning, ask, signature

SIZE = 12_000
"""Bytes of the text: what stands around it, and what JSON adds to it, fits into the rest."""

BUTTONS = 3

_KEYWORD = Meaning(
    "refused",
    "缺少关键词：在这个渠道里写 keyword，与机器人设置的一致",
    "no keyword of the bot's in it: set keyword of this channel to one",
)
_SIGN = Meaning(
    "refused",
    "签名密钥不符，或时钟差超过 1 小时：在 群设置→群机器人 复制签名校验的密钥",
    "the secret does not match, or the clock is 1 h off: copy the secret from the bot's settings",
)
_TOO_FAST = (Meaning("later", "发得太快，1 分钟后再发", "too fast: again in a minute", 60.0),)
_MEANINGS = {
    19001: (
        Meaning(
            "refused",
            "机器人已被移除或地址不对：在 群设置→群机器人 复制 Webhook 地址",
            "the bot is gone, or the address is wrong: copy the Webhook address from the group's bots",
        ),
    ),
    19002: (Meaning("refused", "参数不对", "a wrong parameter"),),
    19021: (_SIGN,),
    19022: (
        Meaning(
            "refused",
            "这台机器的出口 IP 不在机器人的白名单里",
            "this machine's public address is not on the bot's list",
        ),
    ),
    19024: (_KEYWORD,),
    11232: _TOO_FAST,
    11220: _TOO_FAST,
    9499: (
        Meaning("later", "发得太快，1 分钟后再发", "too fast: again in a minute", 60.0, says="too many"),
        _SIGN._replace(says="sign"),
        Meaning("refused", "请求不对：检查地址是否完整", "a bad request: is the address complete?"),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Config(base.RobotConfig):
    """A 飞书 bot.

    Attributes:
        secret: of 签名校验; None if the bot is secured otherwise.
        keyword: one of the bot's keywords; put into every title.
    """

    secret: SecretStr | None = None
    keyword: str = ""


class Markdown:
    """What a 飞书 card draws of markdown."""

    newline = "\n"

    def escape(self, text: str) -> str:
        """The text with all markup as full-width characters."""
        return render.widen(text, "\\`*_[]()<>#!|~&@${}")

    def headline(self, text: str, message: Message) -> str:
        """Nothing: the header of the card says it."""
        return ""

    def mark(self, text: str) -> str:
        """In red."""
        return f"<font color='red'>{text}</font>"

    def quote(self, text: str) -> str:
        """In quotation marks: the cards of older programs know no other quote."""
        return f"“{text}”"

    def link(self, label: str, url: str) -> str:
        """A link."""
        return f"[{label}]({url})"


class Feishu:
    """Writes into the group of the bot."""

    kind: ClassVar[str] = "feishu"

    def __init__(self, config: Config, *, clock: Clock = SYSTEM) -> None:
        self.config = config
        self._clock = clock
        self._hidden = base.secrets(config.url, config.secret)

    async def send(self, message: Message) -> Receipt:
        """Make one attempt."""
        body = {**signed(self.config.secret, self._clock.now()), **request(message, self.config)}
        return await ask(
            self.config, body, _MEANINGS, platform=t("飞书", "Feishu"), hidden=self._hidden, clock=self._clock
        )


def signed(secret: SecretStr | None, now: float) -> dict[str, str]:
    """What 签名校验 adds to the request: the secret is part of the key, and what is signed is empty."""
    if secret is None:
        return {}
    at = str(int(now))
    return {"timestamp": at, "sign": signature(f"{at}\n{secret.get_secret_value()}", "")}


def request(message: Message, config: Config) -> dict[str, Any]:
    """The body of the request, without its signature."""
    if config.style == "text":
        calls = _calls(message, '<at user_id="{}"></at>')
        text = render.fit(
            render.lines(message, _Text(), config.form, keyword=config.keyword, mentions=calls),
            SIZE,
            _Text.newline,
            form=config.form,
        )
        return {"msg_type": "text", "content": {"text": text}}
    markup = Markdown()
    # Nothing in the title is markup, so that it needs no escape.
    title = render.headline(message, render.Plain(), config.keyword)
    unlinked = structs.replace(message, links=())
    found = render.lines(unlinked, markup, config.form, mentions=_calls(message, "<at id={}></at>"))
    return {
        "msg_type": "interactive",
        "card": {
            "config": {"wide_screen_mode": True},
            "header": {"template": _colour(message), "title": {"tag": "plain_text", "content": title}},
            "elements": [
                {"tag": "markdown", "content": render.fit(found, SIZE, markup.newline, form=config.form)},
                *_buttons(message),
            ],
        },
    }


class _Text(render.Plain):
    """Plain text in which only an <at> of ours can notify."""

    def escape(self, text: str) -> str:
        return render.widen(text, "<>&")


def _buttons(message: Message) -> list[dict[str, Any]]:
    found = [
        {
            "tag": "button",
            "type": "default" if number else "primary",
            "text": {"tag": "plain_text", "content": render.clean(link.label)[:20]},
            "url": url,
        }
        for number, link in enumerate(message.links[:BUTTONS])
        if (url := render.safe_url(link.url)) is not None
    ]
    return [{"tag": "action", "actions": found}] if found else []


def _colour(message: Message) -> str:
    return {"resolved": "green", "acknowledged": "grey"}.get(message.state, message.severity)


def _calls(message: Message, form: str) -> str:
    people = message.mentions[: render.MENTIONS]
    calls = [
        form.format("all" if one.everyone else one.feishu) for one in people if one.everyone or one.feishu
    ]
    calls += [
        f"@{Markdown().escape(render.clean(one.name))[:20]}"
        for one in people
        if one.name and not (one.everyone or one.feishu)
    ]
    return " ".join(calls)
