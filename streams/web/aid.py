"""What helps with a case beside its own record: drafts of a reply, and what came of it so far."""

import asyncio
from collections import OrderedDict
from typing import NamedTuple

from streams.alerts import replies
from streams.alerts.model import Alert
from streams.alerts.outcomes import Outcome
from streams.alerts.replies import Facts
from streams.clock import Clock
from streams.config import Settings, shipped
from streams.errors import KoubeiError
from streams.read import cases
from streams.read.alerts import Case
from streams.read.post import PostDetail, post
from streams.read.queries import Reader
from streams.severity import Severity

FRESH = 60.0
"""Seconds for which it is shown again: it reads weeks of mentions."""

KEPT = 200
"""Cases that it is kept for."""


class Help(NamedTuple):
    """What helps with a case; each part is empty where there is nothing to say.

    Attributes:
        drafts: replies for a person to change and send.
        outcome: what the same people said before and after.
    """

    drafts: list[str]
    outcome: Outcome | None


class Aid:
    """Help by case.

    Args:
        settings: of this process.
        reader: the store.
        clock: the time.
    """

    def __init__(self, settings: Settings, reader: Reader, clock: Clock) -> None:
        own = settings.text.lexicons
        self._folders = [shipped("lexicons"), own] if own else [shipped("lexicons")]
        self._reader = reader
        self._clock = clock
        self._found: OrderedDict[tuple[str, str], tuple[float, Help]] = OrderedDict()

    async def of(self, case: Case, alert: Alert | None) -> Help:
        """What helps with a case; a part that cannot be had is left out."""
        key, now = (case.case_id, case.state), self._clock.now()
        at, found = self._found.get(key, (0.0, Help([], None)))
        if now - at > FRESH:
            drafts, outcome = await asyncio.gather(self._drafts(case, alert), self._outcome(case, now))
            self._found[key] = now, (found := Help(drafts, outcome))
            if len(self._found) > KEPT:
                self._found.popitem(last=False)
        return found

    async def _drafts(self, case: Case, alert: Alert | None) -> list[str]:
        if case.state == "closed":
            return []
        try:
            templates = await asyncio.to_thread(replies.load, self._folders)
            first = next((ref for ref in alert.refs if ref.kind == "post"), None) if alert else None
            about = await post(self._reader, first.platform, first.id) if first else None
        except KoubeiError:  # a mistake in a template is told by the command line
            return []
        return replies.drafts(_facts(case, about), templates)

    async def _outcome(self, case: Case, now: float) -> Outcome | None:
        if case.state not in ("resolved", "closed"):
            return None
        try:
            one = await cases.case(self._reader, case.case_id)
            return await cases.outcome(self._reader, one, now) if one else None
        except KoubeiError:
            return None


def _facts(case: Case, about: PostDetail | None) -> Facts:
    severity: Severity = case.severity  # type: ignore[assignment]
    if about is None:
        return Facts(brand=case.brand, severity=severity)
    toward = {mention.brand: mention.counted for mention in about.mentions}
    return Facts(
        brand=case.brand,
        aspects=[one.aspect for one in about.aspects if one.brand in ("", case.brand)],
        intent=about.fields["intent"],
        sentiment=toward.get(case.brand, about.fields["sentiment"]),
        severity=severity,
    )
