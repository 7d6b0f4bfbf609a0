"""What the texts of a lane are judged with, renewed at batch boundaries when lexicons or rules have changed."""

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.abc import Traversable
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from streams.agents import keeping
from streams.agents.lanes import LaneRecipe
from streams.clock import SYSTEM, Clock
from streams.errors import BadConfig, StoreUnavailable
from streams.rules import records
from streams.rules.fields import Columns
from streams.rules.matcher import Batch, Matcher
from streams.rules.mistakes import QueryError
from streams.rules.rule import Rule
from streams.store import judges, rules
from streams.store.client import Connection
from streams.store.rows import Hits, Judgements
from streams.text import lexicons
from streams.text.analyse import Analysis, analyse
from streams.text.toolkit import Toolkit, build
from streams.topics.post import Post
from streams.topics.share import Share

EVERY = 2.0
"""Seconds between two looks for changes."""


class _Rules(NamedTuple):
    """The rules in use: `versions` runs beside the matcher's."""

    fingerprint: int
    matcher: Matcher
    versions: list[int]
    known: dict[tuple[str, int], Rule | None]


class Judge:
    """Toolkit and rules of one lane.

    Attributes:
        number: ordinal of this judge.
        outdated: what could not be loaded anew (lexicons, rules) → why; the version before is in use.
        clock: the time.

    Raises:
        BadConfig: a lexicon has a mistake at the start, when there is no version before.
        StoreUnavailable: ClickHouse does not answer.
    """

    def __init__(self, recipe: LaneRecipe, connection: Connection, clock: Clock = SYSTEM) -> None:
        self.outdated: dict[str, str] = {}
        self._noted: dict[str, str] = {}
        self._recipe = recipe
        self._connection = connection
        self.clock = clock
        self._files = self._look()
        self._toolkit = self._first()
        self._rules = self._compile()
        self.number = self._resolve()
        self._unresolved = False
        self._looked = clock.monotonic()

    def renew(self) -> None:
        """Load what has changed; what cannot be loaded leaves the version before in use and says so."""
        if self.clock.monotonic() - self._looked < EVERY:
            return
        try:
            self._unresolved |= self._renew_lexicons()
            if self._unresolved or rules.fingerprint(self._connection) != self._rules.fingerprint:
                self._unresolved = True
                self._rules = self._compile()
                self.number = self._resolve()
                self._unresolved = False
        except StoreUnavailable:
            pass  # the insert behind will meet it too, and waits
        self._looked = self.clock.monotonic()

    def posts(self, posts: Sequence[Post]) -> Judgements:
        """The verdicts on posts."""
        analysis = analyse([post.text for post in posts], self._toolkit)
        own = self._own_brands([(post.platform, post.author.id if post.author else "") for post in posts])
        columns = records.post_columns(posts, _tones(analysis))
        hits = self._match([post.text for post in posts], analysis, columns)
        return Judgements(analysis, own, hits, self.number)

    def shares(self, shares: Sequence[Share]) -> Judgements:
        """The verdicts on shares."""
        analysis = analyse([share.text for share in shares], self._toolkit)
        own = self._own_brands([(share.platform, share.user_id) for share in shares])
        columns = records.share_columns(shares, _tones(analysis))
        hits = self._match([share.text for share in shares], analysis, columns)
        return Judgements(analysis, own, hits, self.number)

    def rule(self, name: str, version: int) -> Rule | None:
        """A version of a rule, an old one from the store; None where it cannot be read. Raises as `rules.version`."""
        known = self._rules.known
        if (name, version) not in known:
            known[name, version] = rules.version(self._connection, name, version)
        return known[name, version]

    def _match(self, texts: Sequence[str], analysis: Analysis, columns: Columns) -> Hits:
        count = len(texts)
        # one empty list stands for every text that no rule hits
        hits = Hits([[]] * count, [[]] * count, [[]] * count, [[]] * count, [[]] * count)
        batch = Batch(texts, analysis.folded, analysis.cuts, columns)
        for index, found in self._rules.matcher.match(batch).items():
            firsts = [hit.first for hit in found]
            hits.rule[index] = [self._rules.matcher.rules[hit.rule].name for hit in found]
            hits.version[index] = [self._rules.versions[hit.rule] for hit in found]
            hits.start[index] = [span.start for span in firsts]
            hits.stop[index] = [span.stop for span in firsts]
            hits.variant[index] = [span.variant for span in firsts]
        return hits

    def _own_brands(self, authors: Sequence[tuple[str, str]]) -> list[str]:
        accounts = self._toolkit.lexicons.accounts
        return [accounts.get(author, "") for author in authors] if accounts else [""] * len(authors)

    def _renew_lexicons(self) -> bool:
        found = self._look()
        if found == self._files:
            return False
        try:
            self._toolkit = self._build()
        except BadConfig as error:
            self._note("lexicons", self._toolkit.lexicons.digest[:12], str(error))
            changed = False
        else:
            changed = True
        self._files = found  # not before: what a store out of reach cut short is looked at again
        return changed

    def _look(self) -> str:
        """Changes when a lexicon or the calibration may have changed."""
        calibration = self._recipe.calibration
        stamp = calibration.stat().st_mtime_ns if calibration and calibration.is_file() else 0
        return f"{lexicons.digest(self._recipe.lexicons)} {stamp}"

    def _first(self) -> Toolkit:
        """The lexicons at the start: those that worked last, when one's own cannot be loaded."""
        shipped, *own = self._recipe.lexicons
        try:
            return self._build()
        except BadConfig as error:
            copies = keeping.kept(own, self._recipe.cache) if own else None
            if copies is None:
                raise
            toolkit = self._load((shipped, *copies))
            self._note("lexicons", toolkit.lexicons.digest[:12], str(error))
            return toolkit

    def _build(self) -> Toolkit:
        toolkit = self._load(self._recipe.lexicons)
        keeping.keep(self._recipe.lexicons[1:], self._recipe.cache)
        self._note("lexicons", toolkit.lexicons.digest[:12], "")
        return toolkit

    def _load(self, folders: Sequence[Path]) -> Toolkit:
        recipe = self._recipe
        return build(sentiment=recipe.sentiment, lexicons=folders, calibration=recipe.calibration)

    def _compile(self) -> _Rules:
        fingerprint = rules.fingerprint(self._connection)
        stored = rules.newest(self._connection)
        good, versions, faults = [], [], []
        for name, newest in stored.items():
            if newest.rule is None:
                if not newest.removed:
                    faults.append(f"{name}: {newest.fault}")
                continue
            if not newest.rule.query:
                continue  # measured by windows alone
            try:
                newest.rule.tree()
            except QueryError as error:
                faults.append(f"{name}: {error}")
                continue
            good.append(newest.rule)
            versions.append(newest.version)
        self._note("rules", f"{fingerprint:016x}", "\n".join(faults))
        known: dict[tuple[str, int], Rule | None] = {
            (rule.name, version): rule for rule, version in zip(good, versions, strict=True)
        }
        return _Rules(fingerprint, Matcher(good, self._toolkit.segmenter), versions, known)

    def _resolve(self) -> int:
        """The ordinal of what is in use now: program, settings, lexicons and rules."""
        toolkit = self._toolkit
        contents = repr((_program(), self._recipe.sentiment, toolkit.digest, self._rules.fingerprint))
        return judges.resolve(
            self._connection,
            hashlib.sha256(contents.encode()).hexdigest()[:16],
            engine=self._recipe.sentiment,
            lexicons=toolkit.lexicons.versions,
        )

    def _note(self, what: str, version: str, error: str) -> None:
        """Remember in the store how loading went, unless it went as it did before."""
        if error == self._noted.get(what):
            return
        self.outdated.pop(what, None)
        if error:
            self.outdated[what] = error
        self._connection.insert(
            "reloads",
            {"worker": [self._recipe.worker], "what": [what], "version": [version], "error": [error]},
        )
        self._noted[what] = error


@cache
def _program() -> str:
    """A hash over the source of the rooms that verdicts come from: no revision to be raised by hand."""
    sums = hashlib.sha256()
    for room in ("text", "rules"):
        folder = files("streams").joinpath(room)
        for file in sorted(_sources(folder), key=str):
            sums.update(file.read_bytes())
    return sums.hexdigest()


def _sources(folder: Traversable) -> Iterator[Traversable]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry)
        elif entry.name.endswith(".py"):
            yield entry


def _tones(analysis: Analysis) -> records.Tones:
    return lambda brand: records.toward(brand, analysis.sentiment, analysis.brands, analysis.brand_sentiments)
