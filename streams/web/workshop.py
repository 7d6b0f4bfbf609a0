"""Where rules are made: checked, tried on the past days, and put in force; blocks, so it works in threads."""

import threading
from collections.abc import Sequence
from contextlib import closing
from typing import NamedTuple

from streams.clock import Clock
from streams.config import Settings, shipped
from streams.errors import BadConfig
from streams.language import t
from streams.read.matching import matches
from streams.rules import files
from streams.rules.check import review
from streams.rules.files import Entry
from streams.rules.files import Problem as Mistake
from streams.rules.matcher import Hit, Matcher
from streams.rules.rule import Rule
from streams.store import rules
from streams.store.client import Connection
from streams.store.rules import Change, Stored
from streams.text import lexicons
from streams.text.lexicons import Lexicons
from streams.text.segment import Segmenter
from streams.topics.alert import Via
from streams.topics.post import Post
from streams.web.problems import Problem

LIMIT = 8.0
"""Seconds that a trial may take; it begins with the newest day and says how far it came."""

DAYS = 7
"""Days that a trial looks back."""

SAMPLES = 5
"""Posts that a trial shows."""

LONGEST = 64 * 1024
"""Characters of a rule's text."""

FRESH = 300.0
"""Seconds after which lexicons are read again."""

_DAY = 86_400.0


class Trial(NamedTuple):
    """What a rule would have found.

    Attributes:
        scanned: posts looked at.
        hits: posts found.
        since: of posts written then or later, Unix seconds.
        whole: whether that is all of `DAYS`; else there was no time.
        samples: the newest of them.
    """

    scanned: int
    hits: int
    since: float
    whole: bool
    samples: list[tuple[Post, Hit]]


class Stale(Exception):
    """A rule was changed by somebody else since the edit began.

    Attributes:
        now: the version in force.
    """

    def __init__(self, now: Stored | None) -> None:
        super().__init__()
        self.now = now


class Workshop:
    """Checks, tries and applies rules. One trial at a time: it reads a great deal.

    Args:
        settings: of this process.
        clock: the time.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        own = settings.text.lexicons
        self._folders = [shipped("lexicons"), own] if own else [shipped("lexicons")]
        self._writer_url = settings.store.url.get_secret_value()
        self._reader_url = (settings.store.reader_url or settings.store.url).get_secret_value()
        self._clock = clock
        self._trying = threading.Lock()
        self._loading = threading.Lock()
        self._loaded: Lexicons | None = None
        self._loaded_at = 0.0

    def check(self, text: str, file: str) -> tuple[list[Entry], list[Mistake]]:
        """The rules that a text holds, and all that is wrong or doubtful, by place.

        Args:
            text: as a rule file.
            file: what its mistakes are said to be in.
        """
        entries, wrong = files.read(text[:LONGEST], file)
        known = self._lexicons()
        found = wrong + review(entries, known.stopwords, [brand.name for brand in known.brands])
        return entries, sorted(found)

    def attempt(self, rule: Rule) -> Trial:
        """What a rule would have found in the past days, the newest day first.

        Raises:
            Problem: 429, another trial is running.
            StoreUnavailable, StoreRefused: as `Connection`.
        """
        if not self._trying.acquire(blocking=False):
            raise Problem(
                429,
                "busy",
                t("正忙，请稍后再试", "Busy, come back"),
                t("正在预览另一条规则，几秒后再试", "Another rule is being tried: again in a few seconds"),
                {"Retry-After": "5"},
            )
        try:
            return self._attempt(rule)
        finally:
            self._trying.release()

    def apply(
        self, name: str, base: int, rule: Rule | None, *, actor: str, via: Via, note: str
    ) -> int | None:
        """Put a rule in force, or take it out of use; returns the version written, None where nothing changed.

        Args:
            name: the rule.
            base: the version that the change was made from, 0 for a new rule.
            rule: as it is to be; None takes it out of use.
            actor: who does it.
            via: by which way.
            note: why.

        Raises:
            Stale: it was changed since; nothing was written.
            StoreUnavailable, StoreRefused: as `Connection`.
        """
        with closing(Connection(self._writer_url, timeout=10.0)) as connection:
            known = rules.newest(connection).get(name)
            at = 0 if known is None or (known.removed and base == 0) else known.version
            if at != base:
                raise Stale(known)
            try:
                written = rules.change(
                    connection,
                    [Change(name, known.version if known else 0, rule)],
                    actor=actor,
                    via=via,
                    note=note,
                )
            except BadConfig as error:
                raise Stale(rules.newest(connection).get(name)) from error
        return written.get(name)

    def _attempt(self, rule: Rule) -> Trial:
        segmenter = Segmenter(self._lexicons().user_words)
        matcher = Matcher([rule], segmenter)
        began, now = self._clock.monotonic(), self._clock.now()
        scanned, hits, day = 0, 0, 0
        samples: list[tuple[Post, Hit]] = []
        with closing(Connection(self._reader_url, timeout=LIMIT)) as connection:
            for day in range(1, DAYS + 1):
                found: list[tuple[Post, Hit]] = []
                for page in matches(connection, matcher, segmenter, now - day * _DAY, now - (day - 1) * _DAY):
                    scanned += page.scanned
                    found += [(post, hit[0]) for post, hit in page.hits]
                hits += len(found)
                if len(samples) < SAMPLES:
                    samples += _newest(found)[: SAMPLES - len(samples)]
                if self._clock.monotonic() - began > LIMIT:
                    break
        return Trial(scanned, hits, now - day * _DAY, day == DAYS, samples)

    def _lexicons(self) -> Lexicons:
        with self._loading:
            now = self._clock.monotonic()
            if self._loaded is None or now - self._loaded_at > FRESH:
                try:
                    self._loaded = lexicons.load(self._folders)
                except BadConfig:
                    # One's own have a mistake, which the page says elsewhere: rules are written all the same.
                    self._loaded = lexicons.load(self._folders[:1])
                self._loaded_at = now
            return self._loaded


def _newest(found: Sequence[tuple[Post, Hit]]) -> list[tuple[Post, Hit]]:
    return sorted(found, key=lambda pair: -pair[0].published)
