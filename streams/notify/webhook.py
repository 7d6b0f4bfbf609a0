"""A webhook: JSON for a program of your own, signed, safe to receive twice."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

import msgspec
from msgspec import Struct, structs
from pydantic import SecretStr

from streams.clock import SYSTEM, Clock
from streams.language import t
from streams.notify import base, render
from streams.notify.base import Message, Receipt
from streams.notify.http import failure, post
from streams.severity import Severity

SIZE = 64 * 1024
"""Bytes of the text."""

_KEY = "!#$&'()*+,/:;=?@[]~"
"""Characters that stand in a header as they are, beside letters, digits and -._~."""


@dataclass(frozen=True, kw_only=True)
class Config(base.HttpConfig):
    """A webhook.

    Attributes:
        secret: key of the signature; None for none.
    """

    secret: SecretStr | None = None
    per_minute: int = 0


class Webhook:
    """Posts each message as JSON."""

    kind: ClassVar[str] = "webhook"

    def __init__(self, config: Config, *, clock: Clock = SYSTEM) -> None:
        self.config = config
        self._clock = clock

    async def send(self, message: Message) -> Receipt:
        """Make one attempt: any 2xx is a delivery. Nothing of the answer's body is told."""
        body = msgspec.json.encode(notification(message, self.config.form))
        headers = {
            "Idempotency-Key": quote(message.key, safe=_KEY),
            **signed(self.config.secret, self._clock.now(), body),
        }
        answer = await post(self.config, body, headers)
        if isinstance(answer, Receipt):
            return answer
        return failure(answer, self._clock.now()) or Receipt(
            outcome="sent",
            answer=t(f"对方已接收（HTTP {answer.status}）", f"accepted (HTTP {answer.status})"),
            code=str(answer.status),
        )


class Notification(Struct, frozen=True, kw_only=True):
    """What a webhook receives: docs/schemas/notification.v1.json. Fields may be added, none is taken away.

    Whom the message notifies by name is left out: people's numbers are no business of another program.

    Attributes:
        version: 1.
        alert_id: the alert it is about; the key again for a digest.
        key: the idempotency key, as in the header: the same key again is the same notification.
        state: firing, repeat, escalated, acknowledged, resolved, breached, digest or test.
        severity: blue, yellow, orange or red.
        brand: whom it is about.
        title: what happens, in a few words.
        summary: one sentence: the figure, and what is usual.
        text: the whole message as plain text.
        at: when, RFC 3339.
        rule: name of the rule.
        rule_version: its version; 0 for none.
        owner: who has claimed it; "" while nobody has.
        facts: labelled figures.
        samples: posts as examples; `spans` are the evidence, as ranges of characters of `text`.
        links: the first is the one to press.
        others: alerts that this message stands for besides its own.
        possibly_repeated: whether it may have been delivered before.
    """

    version: int = 1
    alert_id: str
    key: str
    state: base.State
    severity: Severity
    brand: str
    title: str
    summary: str
    text: str
    at: str
    rule: str
    rule_version: int
    owner: str
    facts: tuple[base.Fact, ...]
    samples: tuple[base.Sample, ...]
    links: tuple[base.Link, ...]
    others: tuple[base.Brief, ...]
    possibly_repeated: bool


def notification(message: Message, form: base.Form = "long") -> Notification:
    """The message as a program gets it; addresses that are not of the web are left out."""
    return Notification(
        alert_id=message.alert_id,
        key=message.key,
        state=message.state,
        severity=message.severity,
        brand=message.brand,
        title=message.title,
        summary=message.summary,
        text=render.text_of(message, form, SIZE),
        at=message.at.isoformat(timespec="milliseconds"),
        rule=message.rule,
        rule_version=message.rule_version,
        owner=message.owner,
        facts=message.facts,
        samples=tuple(structs.replace(one, url=render.safe_url(one.url) or "") for one in message.samples),
        links=tuple(
            base.Link(one.label, url)
            for one in message.links
            if (url := render.safe_url(one.url)) is not None
        ),
        others=message.others,
        possibly_repeated=message.repeated,
    )


def signed(secret: SecretStr | None, now: float, body: bytes) -> dict[str, str]:
    """The signature header; `now` in Unix seconds.

    The receiver computes HMAC-SHA256(secret, t + "." + body), compares in constant time, and refuses a `t` that
    is more than a few minutes off.
    """
    if secret is None:
        return {}
    at = str(int(now))
    key = secret.get_secret_value().encode()
    digest = hmac.new(key, at.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Koubei-Signature": f"t={at},v1={digest}"}
