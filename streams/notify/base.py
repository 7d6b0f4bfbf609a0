"""What every channel is: one file, one Config, one `send`; and what a message and a receipt are."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import Struct
from pydantic import SecretStr

from streams.severity import Severity

State = Literal["firing", "repeat", "escalated", "acknowledged", "resolved", "breached", "digest", "test"]
Form = Literal["long", "short"]
Style = Literal["card", "text"]
Outcome = Literal["sent", "refused", "later", "unknown"]


class Fact(Struct, frozen=True):
    """One labelled figure, both ready to be read."""

    label: str
    value: str


class Link(Struct, frozen=True):
    """Somewhere to go from the message; addresses other than http and https are left out."""

    label: str
    url: str


class Sample(Struct, frozen=True, kw_only=True):
    """A post as an example.

    Attributes:
        text: its whole text, as it was written.
        spans: the evidence, as ranges of characters of `text`.
        platform: where it was written.
        note: what else to say of it (`转发 1.2万`).
        url: the post itself.
    """

    text: str
    spans: tuple[tuple[int, int], ...] = ()
    platform: str = ""
    note: str = ""
    url: str = ""


class Mention(Struct, frozen=True, kw_only=True):
    """Somebody to notify by name: each platform knows a person by an id of its own, 钉钉 by the mobile number too.

    A person without an id on a platform is named there, which notifies nobody.
    """

    name: str = ""
    mobile: str = ""
    dingtalk: str = ""
    wecom: str = ""
    feishu: str = ""
    everyone: bool = False


class Brief(Struct, frozen=True):
    """What a merged message says of an alert that has no message of its own."""

    alert_id: str
    severity: Severity
    brand: str
    title: str


class Message(Struct, frozen=True, kw_only=True):
    """What a channel is given: one notification about one alert.

    Attributes:
        key: idempotency key: equal for two attempts at the same notification, different for all else.
        alert_id: the alert it is about.
        severity: how bad it is.
        brand: whom it is about.
        title: what happens, in a few words.
        summary: one sentence: the figure, and what is usual.
        at: when, in the time zone of the readers.
        state: what became of the alert; `digest` for one about all alerts of a week.
        rule: the name of the rule.
        rule_version: its version; 0 for none.
        owner: who has claimed it; "" while nobody has.
        facts: figures, for the long form.
        paragraphs: further sentences, for the long form.
        samples: posts as examples, the most telling first.
        links: the first is the one to press.
        mentions: who is to be notified by name.
        others: alerts that this message stands for besides its own.
        repeated: whether it may have been delivered before.
    """

    key: str
    alert_id: str
    severity: Severity
    brand: str
    title: str
    summary: str
    at: datetime
    state: State = "firing"
    rule: str = ""
    rule_version: int = 0
    owner: str = ""
    facts: tuple[Fact, ...] = ()
    paragraphs: tuple[str, ...] = ()
    samples: tuple[Sample, ...] = ()
    links: tuple[Link, ...] = ()
    mentions: tuple[Mention, ...] = ()
    others: tuple[Brief, ...] = ()
    repeated: bool = False

    @property
    def brief(self) -> Brief:
        """It in one line of another message."""
        return Brief(self.alert_id, self.severity, self.brand, self.title)


class Receipt(Struct, frozen=True, kw_only=True):
    """What became of one attempt.

    Attributes:
        outcome: `sent`: the platform said that it has it. `refused`: the same message will never get through
            until a person changes something. `later`: it was not delivered, and may be after `retry_after`.
            `unknown`: it may have been delivered.
        answer: what happened, in words; without secrets.
        code: the platform's own code.
        retry_after: seconds, where the platform or its rules name them.
        limited: whether it was for sending too fast: the channel is to be silent for `retry_after`.
    """

    outcome: Outcome
    answer: str
    code: str = ""
    retry_after: float | None = None
    limited: bool = False


@dataclass(frozen=True, kw_only=True)
class Config:
    """What any channel is told.

    Attributes:
        url: where to; secret, because whoever knows a robot's address can write to its group.
        form: long with figures and samples, or short.
        per_minute: messages a minute; what is more is merged. 0 for no limit.
    """

    url: SecretStr
    form: Form = "long"
    per_minute: int = 15


@dataclass(frozen=True, kw_only=True)
class HttpConfig(Config):
    """What a channel that posts by itself is told.

    Attributes:
        allow_private: whether the address may be inside this network.
    """

    allow_private: bool = False


@dataclass(frozen=True, kw_only=True)
class RobotConfig(HttpConfig):
    """What a robot of a group chat is told.

    Attributes:
        style: a card, or the same lines as plain text.
    """

    style: Style = "card"


class Channel(Protocol):
    """A way to reach people.

    A channel promises: `send` makes one attempt, ends within a limit, raises for nothing that happens outside,
    and tells no secret.
    """

    kind: ClassVar[str]

    @property
    def config(self) -> Config:
        """What it was told."""
        ...

    async def send(self, message: Message) -> Receipt:
        """Make one attempt to deliver the message."""
        ...


_TOKEN = re.compile(r"(?=.*\d).{8,}|.{16,}")


def secrets(*known: SecretStr | None) -> tuple[str, ...]:
    """The parts of addresses and keys that may stand in no output, longest first."""
    found: set[str] = set()
    for secret in known:
        if secret is None:
            continue
        value = secret.get_secret_value()
        found.add(value)
        if "://" not in value:
            continue
        parts = urlsplit(value)
        found.update(part for part in (parts.username, parts.password) if part and len(part) > 2)
        named = [*parts.path.split("/"), *(pair[1] for pair in parse_qsl(parts.query))]
        found.update(part for part in named if _TOKEN.fullmatch(part) and "@" not in part)
    found |= {unquote(part) for part in found}
    return tuple(sorted(filter(None, found), key=len, reverse=True))


def redact(text: str, hidden: tuple[str, ...], limit: int = 300) -> str:
    """Words from outside, fit to be shown: without secrets, on one line, of limited length."""
    for secret in hidden:
        text = text.replace(secret, "***")
    return " ".join(text.split())[:limit]
