"""Mail, Slack, Telegram, Bark, ntfy, PagerDuty and what else apprise can reach.

apprise says only whether it worked; why it did not stands in its log lines, which are taken from its result.
"""

import asyncio
import logging
import re
from dataclasses import dataclass
from typing import Any, ClassVar

from streams.clock import SYSTEM, Clock
from streams.language import t
from streams.notify import base, render
from streams.notify.base import Message, Receipt, redact

TIME_LIMIT = 30.0
"""Seconds for one attempt: a mail server may take its time."""

SIZE = 32 * 1024
"""Bytes of a text; apprise cuts it to what the service takes."""

OWN = {
    "dingtalk": "dingtalk",
    "wecombot": "wecom",
    "feishu": "feishu",
    "lark": "feishu",
}
"""Schemes that are refused, and the kind that is to be used instead: for these apprise takes an error inside
HTTP 200 for a delivery, knows no byte limits and notifies nobody by name."""

UNCHECKED = frozenset({"schan", "pushdeer", "pushdeers", "spugpush", "qq"})
"""Schemes of services that tell errors inside HTTP 200 as well, which apprise does not look at."""

# The reasons stand in its debug lines, beside addresses with their tokens: taken for us, kept from every log.
_LOG = logging.getLogger("apprise")
_LOG.addHandler(logging.NullHandler())
_LOG.propagate = False
_LOG.setLevel(logging.DEBUG)

_DETAIL = re.compile(r"^(?:Socket Exception|.*Exception): |^Response Details:\s*")
_CAUSE = re.compile(r"^.*Caused by \w+\(['\"](?:<[^>]*>: )?(.*?)['\"]\).*$")
_HTTP = re.compile(r"\berror=(\d{3})\b")
_SMTP = re.compile(r"\((\d{3}), b['\"]")
_CONNECT = re.compile(
    r"(?i)refused|unreachable|name or service|name resolution|getaddrinfo|NewConnectionError|ConnectTimeout|no route"
)
_SILENT = re.compile(
    r"(?i)timed? ?out|reset by peer|closed|disconnected|Remote end|RemoteDisconnected|aborted"
)


@dataclass(frozen=True, kw_only=True)
class Config(base.Config):
    """A service by its apprise address, `mailtos://user:password@example.com?to=…`."""


class Apprise:
    """Hands each message to apprise."""

    kind: ClassVar[str] = "apprise"

    def __init__(self, config: Config, *, clock: Clock = SYSTEM) -> None:
        self.config = config
        self._hidden = base.secrets(config.url)

    async def send(self, message: Message) -> Receipt:
        """Make one attempt, in a thread: apprise blocks."""
        url = self.config.url.get_secret_value()
        if own := OWN.get(url.partition("://")[0].lower()):
            return Receipt(
                outcome="refused",
                answer=t(
                    f'apprise 会把这个平台的错误当成功；请写 kind = "{own}"',
                    f'apprise takes this platform\'s errors for success; write kind = "{own}"',
                ),
            )
        title = render.headline(message, render.Plain())
        found = render.lines(message, render.Plain(), self.config.form)[1:]
        body = render.fit(found, SIZE, "\n", form=self.config.form)
        return await asyncio.to_thread(self._attempt, url, title, body, message)

    def _attempt(self, url: str, title: str, body: str, message: Message) -> Receipt:
        import apprise

        asset = apprise.AppriseAsset(app_id="koubei", app_desc="koubei", async_mode=False)
        service = apprise.Apprise(asset=asset)
        capture: Any = apprise.LogCapture
        with capture(level=logging.WARNING, fmt="%(message)s") as lines:
            understood = service.add(url)
            why = redact(lines.getvalue().partition("\n")[0], self._hidden)
        if not understood:
            scheme = url.partition("://")[0]
            return Receipt(
                outcome="refused",
                answer=t(
                    f"apprise 不认识这个地址（{scheme}://…），对照它的文档检查写法：{why}",
                    f"apprise does not understand this address ({scheme}://…), see its documentation: {why}",
                ),
            )
        kind = apprise.NotifyType.SUCCESS if message.state == "resolved" else _KINDS[message.severity]
        result = service.notify(
            body,
            title,
            kind,
            body_format=apprise.NotifyFormat.TEXT,
            timeout=TIME_LIMIT,
            log_level=logging.DEBUG,
        )
        name = service[0].service_name
        if result:
            return accepted(f"{name}", url.partition("://")[0])
        said = [entry.message for attempt in result for one in attempt.attempts for entry in one]
        timed_out = result.status == apprise.AppriseResultStatus.TIMEOUT
        return judge(f"{name}", said, self._hidden, timed_out=timed_out)


_KINDS = {"red": "failure", "orange": "failure", "yellow": "warning", "blue": "info"}


def accepted(service: str, scheme: str) -> Receipt:
    """What a success of apprise means: for some services only that something answered."""
    told = t(f"{service} 已接收", f"{service} accepted it")
    if scheme.lower() in UNCHECKED:
        told = t(
            f"{service} 答复了，但 apprise 不看它答复了什么：请确认真的收到了",
            f"{service} answered, but apprise does not look at what: make sure that it arrived",
        )
    return Receipt(outcome="sent", answer=told)


def judge(service: str, said: list[str], hidden: tuple[str, ...], *, timed_out: bool = False) -> Receipt:
    """What apprise's log lines mean.

    Args:
        service: its name.
        said: the lines of the attempt, debug level included.
        hidden: what may not be shown of them.
        timed_out: whether apprise stopped waiting.
    """
    details = [_CAUSE.sub(r"\1", _DETAIL.sub("", line)) for line in said if _DETAIL.search(line)]
    plain = [line for line in said if re.search("(?i)fail|error", line) and not _DETAIL.search(line)]
    words = redact(t("；", "; ").join([*plain[-1:], *details[-1:]]), hidden)
    told = f"{service}{t('：', ': ')}{words or t('没有说明原因', 'no reason given')}"
    everything = "\n".join(said)
    if found := _HTTP.search(everything):
        code = int(found[1])
        if code == 429:
            return Receipt(outcome="later", answer=told, code=found[1], retry_after=60.0, limited=True)
        outcome: base.Outcome = "later" if code >= 500 or code in (408, 425) else "refused"
        return Receipt(outcome=outcome, answer=told, code=found[1])
    if found := _SMTP.search(everything):
        return Receipt(outcome="refused" if found[1][0] == "5" else "later", answer=told, code=found[1])
    if _CONNECT.search(everything):
        return Receipt(outcome="later", answer=told)
    if timed_out or _SILENT.search(everything):
        return Receipt(outcome="unknown", answer=told)
    return Receipt(outcome="later", answer=told)
