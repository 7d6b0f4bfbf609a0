"""What the three robots have in common: errors come inside an HTTP 200, as a code and words."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from streams.clock import Clock
from streams.language import t
from streams.notify.base import Receipt, RobotConfig, redact
from streams.notify.http import failure, post


class Meaning(NamedTuple):
    """What a platform's code means and what helps.

    Attributes:
        outcome: `refused` or `later`.
        zh: what to do, in Chinese.
        en: the same in English.
        wait: seconds of silence, if it was for sending too fast.
        says: a part of the platform's words, where one code has several meanings.
    """

    outcome: str
    zh: str
    en: str
    wait: float | None = None
    says: str = ""


def signature(key: str, text: str) -> str:
    """base64(HMAC-SHA256), as 钉钉 and 飞书 use it in different ways."""
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


async def ask(
    config: RobotConfig,
    request: Mapping[str, Any],
    meanings: Mapping[int, tuple[Meaning, ...]],
    *,
    platform: str,
    hidden: tuple[str, ...],
    clock: Clock,
    query: str = "",
) -> Receipt:
    """Send one request to a robot and understand its answer.

    Args:
        config: the robot.
        request: what to send.
        meanings: of the platform's codes.
        platform: its name, in the language of the user.
        hidden: what may not be shown of its words.
        clock: for a Retry-After that names a date.
        query: added to the address.
    """
    answer = await post(config, msgspec.json.encode(request), {}, query=query)
    if isinstance(answer, Receipt):
        return answer
    said = _verdict(answer.body)
    if said is None:
        return failure(answer, clock.now()) or Receipt(
            outcome="later",
            answer=t(
                f"答复不是{platform}的（HTTP {answer.status}）：检查地址，以及中间有没有代理",
                f"The answer is not {platform}'s (HTTP {answer.status}): check the address, and proxies on the way",
            ),
            code=str(answer.status),
        )
    code, words = said
    if code == 0 and answer.status < 300:
        said_so = redact(words, hidden)
        return Receipt(
            outcome="sent",
            answer=t(f"{platform}已接收（{said_so}）", f"{platform} accepted it ({said_so})"),
            code="0",
        )
    told = f"{platform} {code} {redact(words, hidden)}".strip()
    for meaning in meanings.get(code, ()):
        if meaning.says in words:
            return Receipt(
                outcome="later" if meaning.outcome == "later" else "refused",
                answer=f"{told}{t('：', ': ')}{t(meaning.zh, meaning.en)}",
                code=str(code),
                retry_after=meaning.wait,
                limited=meaning.wait is not None,
            )
    # A code that nobody has met: it costs little to try again, and much to give up what would have got through.
    return failure(answer, clock.now()) or Receipt(outcome="later", answer=told, code=str(code))


def _verdict(body: bytes) -> tuple[int, str] | None:
    """The code and the words of an answer; None if it is none of a robot."""
    try:
        answer = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
    if not isinstance(answer, dict):
        return None
    for code, words in (("errcode", "errmsg"), ("code", "msg"), ("StatusCode", "StatusMessage")):
        if isinstance(answer.get(code), int):
            return answer[code], str(answer.get(words, ""))
    return None
