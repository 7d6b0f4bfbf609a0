"""What a notice says: the alert as it stands, with whatever explains it in the time there is."""

import asyncio
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from streams.alerts import links
from streams.alerts.case import Case
from streams.alerts.explanation import Explanation
from streams.alerts.links import Addresses
from streams.alerts.model import Alert, Event, Notice
from streams.clock import Clock
from streams.config import Settings
from streams.language import t
from streams.notify import telling
from streams.notify.base import Mention, Message
from streams.read.explain import explain
from streams.rules.rule import Rule
from streams.store.client import Connection
from streams.telemetry.notifier import NotifierEvents

THREADS = 4

WITHIN = 0.2
"""Seconds after Kafka had a post in which the message about it is to be on its way, its reasons included."""

LEAST, MOST = 0.05, 0.12
"""Seconds that the reasons for an alert about a post get, whatever is left of that."""

PATIENCE = 0.3
"""Seconds that are waited for at least something of it: the posts are what a message cannot do without."""

LIMIT = 1.5
"""Seconds for the reasons of everything else."""

SHARE, SAVED = 0.25, 1.0
"""Share of the time that reasons for alerts about posts may be asked for, and the seconds of it that add up
while nothing is asked: the first eight alerts of a storm have their reasons, then the store has better to do."""

GRACE = 0.1
"""Seconds that they may take longer: a query under way ends a little after its limit."""


class Saying(NamedTuple):
    """A notice and what it is about."""

    notice: Notice
    alert: Alert
    case: Case | None = None


class Pages(NamedTuple):
    """Where messages lead.

    Attributes:
        base: address of the page; "" for none.
        key: signs the links; empty for none.
        timezone: of the readers.
    """

    base: str
    key: bytes
    timezone: str

    @classmethod
    def of(cls, settings: Settings) -> "Pages":
        """As the settings say."""
        secret = settings.web.link_key
        key = secret.get_secret_value().encode() if secret else b""
        return cls(settings.web.base, key, settings.timezone)

    def addresses(self, alert: Alert, notice: Notice, now: float, *, post: str) -> Addresses:
        """Where a message about the alert leads; each message has a link of its own."""
        token = links.sign(self.key, alert.alert_id, nonce=notice.key, now=now) if self.key else ""
        return links.addresses(self.base, alert, token, post=post)


class Composer:
    """Writes messages.

    Args:
        url: the account of ClickHouse that reads.
        pages: where messages lead.
        clock: the time.
        events: where it is told how explanations went.
        stop_words: never told as rising.
    """

    def __init__(
        self,
        url: str,
        pages: Pages,
        clock: Clock,
        events: NotifierEvents,
        stop_words: Collection[str] = (),
    ) -> None:
        self._stop_words = stop_words
        self._rules: dict[tuple[str, int], Rule] = {}
        self._saved, self._saved_at = SAVED, clock.monotonic()
        self._url = url
        self._pages = pages
        self._clock = clock
        self._events = events
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="explain")
        self._own = threading.local()

    def message(
        self,
        saying: Saying,
        explanation: Explanation | None = None,
        mentions: Sequence[Mention] = (),
        *,
        repeated: bool = False,
    ) -> Message:
        """What is said to those who are told through one channel."""
        notice, alert, case = saying
        post = explanation.url if explanation else ""
        return telling.message(
            alert,
            notice,
            explanation,
            links=self._pages.addresses(alert, notice, self._clock.now(), post=post),
            timezone=self._pages.timezone,
            mentions=mentions,
            repeated=repeated,
            case=case,
        )

    def warning(self, waiting: int) -> Message:
        """That alerts wait because they cannot be logged."""
        now = self._clock.now()
        return Message(
            key=f"store-away-{int(now)}",
            alert_id=f"store-away-{int(now)}",
            severity="orange",
            brand=t("口碑系统", "koubei"),
            title=t("告警发不出去：连不上 ClickHouse", "Alerts cannot be sent: ClickHouse is away"),
            summary=t(
                f"至少 {waiting} 项等待记录，恢复后自动发出。看 koubei doctor",
                f"At least {waiting} wait to be logged and go out once it is back. See koubei doctor",
            ),
            at=datetime.fromtimestamp(now, ZoneInfo(self._pages.timezone)),
        )

    async def explained(self, alert: Alert) -> Explanation | None:
        """What explains the alert, or as much of it as can be had in time; None for nothing."""
        found: list[Explanation] = []
        something = asyncio.Event()
        loop = asyncio.get_running_loop()

        def so_far(known: Explanation) -> None:
            found.append(known)
            loop.call_soon_threadsafe(something.set)

        limit = self._limit(alert)
        began = self._clock.monotonic()
        if alert.kind == "post" and not self._affordable(began):
            self._events.explained("skipped")
            return None
        asked = loop.run_in_executor(self._executor, self._explain, alert, limit, so_far)
        try:
            done, _ = await asyncio.wait((asked,), timeout=limit + GRACE)
            if not done:
                async with asyncio.timeout(max(0.0, PATIENCE - limit)):
                    await something.wait()
                self._events.explained("partial")
                return found[-1]
            whole = asked.result()
        except TimeoutError:
            self._events.explained("late")
            return None
        except Exception as error:  # a message without its reasons is better than none
            self._events.explained("failed", repr(error))
            return None
        finally:
            asked.cancel()
            if alert.kind == "post":
                self._saved -= self._clock.monotonic() - began
        self._events.explained("partial" if whole.late else "whole")
        return whole

    async def warm(self) -> None:
        """Open the connections and let the store meet the queries: the first alert is not to wait for that."""
        now = self._clock.now()
        nothing = Alert(
            alert_id="", dedup_key="", rule="", rule_version=0, brand="", first_fired=now, last_fired=now,
            window_start=now, window_end=now, last=Event(kind="opened", at=now),
        )  # fmt: skip
        loop = asyncio.get_running_loop()
        asked = (
            loop.run_in_executor(self._executor, self._explain, nothing, LIMIT, None) for _ in range(THREADS)
        )
        await asyncio.gather(*asked, return_exceptions=True)

    def _affordable(self, now: float) -> bool:
        self._saved = min(SAVED, self._saved + SHARE * (now - self._saved_at))
        self._saved_at = now
        return self._saved > 0

    def _limit(self, alert: Alert) -> float:
        if alert.kind != "post":
            return LIMIT
        return min(max(alert.appended + WITHIN - self._clock.now(), LEAST), MOST)

    def _explain(
        self, alert: Alert, limit: float, so_far: Callable[[Explanation], None] | None
    ) -> Explanation:
        pair: tuple[Connection, Connection] | None = getattr(self._own, "pair", None)
        if pair is None:
            pair = Connection(self._url, timeout=LIMIT), Connection(self._url, timeout=LIMIT)
            self._own.pair = pair
        named = alert.rule, alert.rule_version
        found = explain(
            pair[0],
            alert,
            limit=limit,
            patience=PATIENCE,
            now=self._clock.now(),
            without=self._stop_words,
            rule=self._rules.get(named),
            beside=pair[1],
            so_far=so_far,
        )
        if found.rule is not None:  # a version of a rule never changes
            self._rules[named] = found.rule
        return found
