"""Links in messages: whoever holds one may look at one alert and claim it, for a day, without logging in.

A token is `1.PAYLOAD.TAG`: what it allows as JSON, and a MAC over it, both in base64url. The number at its begin is
the version of this form, and part of what is signed.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Literal, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from msgspec import Struct

from streams.alerts.model import Alert
from streams.errors import KoubeiError
from streams.language import t
from streams.topics.fields import Id

VALID = 86_400.0
"""Seconds that a link holds."""

VERSION = "1"

LONGEST = 1_000
"""Characters of a token that are looked at."""

MARGIN = 1_800.0
"""Seconds that a dashboard shows before and after the alert, at least: a rise needs something to rise from."""

_TAG = 16
"""Bytes of the MAC that are kept: 128 bits, so that a link fits into the short form of a message."""

_FORM = re.compile(r"[A-Za-z0-9_-]+")
_BOARDS = {"cascade": "koubei-spread", "absence": "koubei-pipeline"}
_BOARD = "koubei-overview"

Purpose = Literal["view+acknowledge"]


class Claim(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a token allows.

    Attributes:
        alert_id: the alert that it is about.
        purpose: what may be done with it.
        expires: until when, Unix seconds.
        nonce: becomes the id of the command that somebody gives with it, so that a second press is known as one.
    """

    alert_id: Id
    purpose: Purpose
    expires: int
    nonce: Id


class BadLink(KoubeiError):
    """A token that allows nothing.

    Attributes:
        reason: malformed, wrong or expired.
        message: in words.
    """

    exit_code = 77

    def __init__(self, reason: Literal["malformed", "wrong", "expired"], message: str) -> None:
        super().__init__(reason, message)  # the arguments as they are, so that it survives pickling
        self.reason = reason
        self.message = message

    def __str__(self) -> str:
        return self.message


class Addresses(NamedTuple):
    """Where a message leads; "" for nowhere.

    Attributes:
        page: the alert itself.
        dashboard: the figures around it, with its brand and time.
        post: the most telling post, where it was written.
    """

    page: str = ""
    dashboard: str = ""
    post: str = ""


_decode = msgspec.json.Decoder(Claim).decode


def sign(key: bytes, alert_id: str, *, nonce: str, now: float) -> str:
    """A token for an alert.

    Args:
        key: secret of this installation.
        alert_id: the alert.
        nonce: unique for each message; a notice's key gives every attempt at it the same link.
        now: from when it holds, Unix seconds.
    """
    claim = Claim(alert_id, "view+acknowledge", int(now + VALID), nonce)
    signed = f"{VERSION}.{_text(msgspec.json.encode(claim))}"
    return f"{signed}.{_text(_tag(key, signed))}"


def read(key: bytes, token: str, now: float) -> Claim:
    """What the token allows. Takes the same time for every wrong one.

    Args:
        key: that it was signed with.
        token: as it stood in the address.
        now: Unix seconds.

    Raises:
        BadLink: it is cut, was not signed with this key, or has run out.
    """
    parts = token.split(".") if len(token) <= LONGEST else []
    if len(parts) != 3 or parts[0] != VERSION or not all(map(_FORM.fullmatch, parts)):
        raise _malformed()
    try:
        tag = _bytes(parts[2])
    except ValueError:
        raise _malformed() from None
    if not hmac.compare_digest(tag, _tag(key, f"{parts[0]}.{parts[1]}")):
        raise BadLink(
            "wrong",
            t(
                "链接的签名不对：从群里的原消息重新打开，或登录页面",
                "The link's signature is wrong: open it anew from the message, or log in to the page",
            ),
        )
    try:
        claim = _decode(_bytes(parts[1]))
    except ValueError:  # msgspec's errors are ValueErrors
        raise _malformed() from None
    if claim.expires <= now:
        raise BadLink(
            "expired",
            t(
                "链接超过 24 小时，已失效：登录页面，或用最新一条消息里的链接",
                "The link is older than 24 h: log in to the page, or use the newest message's link",
            ),
        )
    return claim


def addresses(base: str, alert: Alert, token: str = "", *, post: str = "") -> Addresses:
    """Where a message about the alert leads.

    Args:
        base: address of the page as readers reach it, without a slash at its end; "" for none.
        alert: the alert.
        token: lets whoever has the message in without a login; "" for none.
        post: address of the most telling post; left out unless it is one of the web.
    """
    there = web_address(post)
    if not web_address(base):
        return Addresses(post=there)
    query = f"?token={quote(token, safe='')}" if token else ""
    page = f"{base}/alerts/{quote(alert.alert_id, safe='')}{query}"
    return Addresses(page, dashboard(base, alert), there)


def dashboard(base: str, alert: Alert) -> str:
    """The board that shows the alert, with its time and brand chosen."""
    margin = max(MARGIN, alert.window_end - alert.window_start)
    view = {
        "board": _BOARDS.get(alert.kind, _BOARD),
        "from": int((alert.window_start - margin) * 1000),
        "to": int((max(alert.window_end, alert.last_fired) + MARGIN) * 1000),
    }
    if alert.brand and alert.kind != "absence":
        view["var-brand"] = alert.brand
    return f"{base}/?{urlencode(view)}"


def web_address(url: str) -> str:
    """The address if a browser may follow it, else ""."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname else ""


def _malformed() -> BadLink:
    return BadLink(
        "malformed",
        t(
            "链接不完整：从群里的原消息重新打开，不要手动复制一部分",
            "The link is not whole: open it anew from the message instead of copying a part of it",
        ),
    )


def _tag(key: bytes, signed: str) -> bytes:
    return hmac.new(key, f"koubei link {signed}".encode(), hashlib.sha256).digest()[:_TAG]


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """The only reading of it: base64 ignores the last bits, so that one token could be written in several ways."""
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _text(data) != text:
        raise ValueError("not the canonical form")
    return data
