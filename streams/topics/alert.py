"""What travels on the topic `alerts`: what rules say of posts, and what people do about it."""

from hashlib import blake2b
from typing import Annotated, Literal

from msgspec import Meta, Struct

from streams.severity import Severity
from streams.topics.fields import Count, Id

Kind = Literal["post", "window", "spike", "cascade", "absence", "silent"]
Via = Literal["cli", "page", "api", "link"]

Line = Annotated[str, Meta(max_length=2000)]
Word = Annotated[str, Meta(max_length=256)]

KEY = 6
"""Bytes of a record's key."""


class Ref(Struct, frozen=True, kw_only=True):
    """Where a post or share is stored; its text stays there.

    Attributes:
        kind: post or share.
        platform: where it was written.
        id: its id there.
        at: when it was written, Unix seconds.
        start: first character of what matched, in its text.
        stop: behind the last; 0 where no words matched.
    """

    kind: Literal["post", "share"] = "post"
    platform: str = ""
    id: str = ""
    at: float = 0.0
    start: int = 0
    stop: int = 0


class Verdict(Struct, frozen=True, kw_only=True, tag="verdict"):
    """A rule's word on some posts, or on a window.

    Two verdicts with the same id are the same one, made again after a restart.

    Attributes:
        id: hash of rule, version, entity and window.
        rule: name of the rule.
        version: its version.
        kind: its kind.
        brand: whose rule it is; "" for none.
        entity: what else it is about (a root, an author, a platform); "" for nothing else.
        severity: how bad it is.
        at: when it was decided, Unix seconds.
        holds: False says that what held before no longer does (never for `post`).
        hold: seconds that it must hold before it counts.
        max_age: seconds; posts older than that at `at` are stored, never sent.
        appended: Kafka time of the first record that made it true, Unix seconds; 0 where there is none.
        window_start: time of the first post that it is about, or begin of the window, Unix seconds.
        window_end: time of the last post, or end of the window.
        value: what was measured.
        expected: what is usual; None where nothing is.
        sql: the query that gives `value`.
        team: whom it is routed to.
        topic: of the matching records (`post` only), with `epoch` and `partition`.
        offsets: of the matching records, ascending.
        keys: what the records are (`record_key`), in the order of `offsets`: a post that was collected twice has two
            offsets and one key. Empty where it is not known.
        levels: a higher severity → how many matches within ten minutes bring it.
        refs: some of the posts, the most telling first.
    """

    id: Id
    rule: Id
    version: Count
    kind: Kind = "post"
    brand: Word = ""
    entity: Word = ""
    severity: Severity = "blue"
    at: float
    holds: bool = True
    hold: float = 0.0
    max_age: float = 86_400.0
    appended: float = 0.0
    window_start: float
    window_end: float
    value: float = 0.0
    expected: float | None = None
    sql: str = ""
    team: Word = ""
    topic: Word = ""
    epoch: Count = 0
    partition: Count = 0
    offsets: tuple[Count, ...] = ()
    keys: bytes = b""
    levels: dict[Severity, int] = {}
    refs: tuple[Ref, ...] = ()

    @property
    def dedup_key(self) -> str:
        """What makes two verdicts one alert."""
        return dedup_key(self.rule, self.brand, self.entity)


class Command(Struct, frozen=True, kw_only=True, tag="command"):
    """What a person does.

    Attributes:
        id: unique; the same id twice is one act.
        action: what. `silence` needs `until` and one of rule, brand, alert_id; the `case_` ones a case, or an
            alert to open one for.
        alert_id: the alert it is about; "" for none.
        case_id: the case it is about; "" for none.
        silence_id: the silence to end.
        actor: who.
        via: by which way.
        source: from where (an address or a host).
        at: when, Unix seconds.
        note: in their words.
        owner: who is to have it (`assign`, `case_assign`).
        rule: of the alerts to silence; "" for any.
        brand: of the alerts to silence; "" for any.
        severity: the highest one to silence; "" for any but red.
        until: end of a silence, Unix seconds.
        outcome: what came of a case.
    """

    id: Id
    action: Literal[
        "acknowledge", "unacknowledge", "assign", "note", "silence", "unsilence", "resolve", "false_alarm",
        "case_open", "case_assign", "case_note", "case_listen", "case_interact", "case_resolve", "case_close",
        "case_reopen",
    ]  # fmt: skip
    alert_id: Word = ""
    case_id: Word = ""
    silence_id: Word = ""
    actor: Id
    via: Via
    source: Word = ""
    at: float
    note: Line = ""
    owner: Word = ""
    rule: Word = ""
    brand: Word = ""
    severity: Severity | Literal[""] = ""
    until: float = 0.0
    outcome: Line = ""

    @property
    def dedup_key(self) -> str:
        """Its key in Kafka."""
        return self.alert_id or self.case_id or self.silence_id or self.id


AlertRecord = Verdict | Command


def dedup_key(rule: str, brand: str, entity: str) -> str:
    """What makes two verdicts one alert: neither the rule's version nor the window."""
    return f"{rule}|{brand}|{entity}"


def record_key(kind: str, platform: str, one: str) -> bytes:
    """What a post or share is known by, wherever and however often it lies in Kafka: `KEY` bytes."""
    return blake2b("\0".join((kind, platform, one)).encode(), digest_size=KEY).digest()
