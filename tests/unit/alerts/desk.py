"""A book with a clock, for its tests: verdicts and acts in one line, restarts through JSON."""

from typing import Any

import msgspec

from streams.alerts.book import Book
from streams.alerts.model import Alert, Entry, Notice, Policy, Silence, Step, verdict_id
from streams.severity import Severity
from streams.topics.alert import Command, Verdict

START = 1_800_000_000.0
"""A Friday, 2027-01-15 16:00 in Shanghai."""


class Desk:
    """Keeps what a notifier would keep: the newest row of each (subject, id), and the notices."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()
        self.now = START
        self.book = Book(self.policy)
        self.rows: dict[tuple[str, str], Entry] = {}
        self.log: dict[tuple[str, str, int], Entry] = {}
        self.notices: list[Notice] = []
        self._offset = 0
        self._acts = 0

    def keep(self, step: Step) -> Step:
        for entry in step:
            name = (entry.subject, entry.id)
            before = self.rows.get(name)
            if before is not None:
                assert entry.snapshot.revision > before.snapshot.revision
                assert entry.snapshot.seq >= before.snapshot.seq
                if entry.snapshot.seq == before.snapshot.seq:
                    assert before.snapshot.last.kind == "counted"
                    assert not before.notices
            self.rows[name] = entry
            self.log[(*name, entry.snapshot.seq)] = entry
            self.notices += entry.notices
        keys = [notice.key for notice in self.notices]
        assert len(keys) == len(set(keys))
        return step

    def later(self, seconds: float) -> Step:
        """Let time pass as it does: every timer at its moment."""
        end = self.now + seconds
        step: Step = []
        while (due := self.book.due()) is not None and due <= end:
            self.now = max(self.now, due)
            step += self.keep(self.book.tick(self.now))
            assert not self.book.tick(self.now)
        self.now = end
        return step

    def jump(self, seconds: float) -> Step:
        """Let time pass while nobody looks."""
        self.now += seconds
        step = self.keep(self.book.tick(self.now))
        assert not self.book.tick(self.now)
        due = self.book.due()
        assert due is None or due > self.now
        return step

    def restart(self) -> None:
        def again(subject: str, kind: type[Any]) -> list[Any]:
            rows = [entry.snapshot for entry in self.rows.values() if entry.subject == subject]
            return [msgspec.json.decode(msgspec.json.encode(one), type=kind) for one in reversed(rows)]

        self.book = Book(self.policy, again("alert", Alert), again("silence", Silence))

    def posts(self, count: int = 1, *, partition: int = 0, severity: Severity = "blue", **more: Any) -> Step:
        """New posts that match a rule."""
        offsets = tuple(range(self._offset, self._offset + count))
        self._offset += count
        return self.say(offsets=offsets, partition=partition, severity=severity, **more)

    def say(self, **more: Any) -> Step:
        return self.keep(self.book.verdict(verdict(self.now, **more), self.now))

    def window(self, holds: bool = True, **more: Any) -> Step:
        """A window rule's word."""
        span = {"window_start": self.now - 600, "window_end": self.now}
        return self.say(kind="window", holds=holds, topic="", offsets=(), **{**span, **more})

    def act(self, action: str, alert: Alert | None = None, actor: str = "张三", **more: Any) -> Step:
        self._acts += 1
        command = Command(
            id=more.pop("id", f"c{self._acts}"), action=action, actor=actor, via="cli", at=self.now,  # type: ignore[arg-type]
            alert_id=more.pop("alert_id", alert.alert_id if alert is not None else ""), **more,
        )  # fmt: skip
        return self.keep(self.book.command(command, self.now))

    def alert(self, key: str = "起火|星曜|") -> Alert:
        return self.book.alerts[key]

    def said(self) -> list[str]:
        """Reasons of the notices since the last call."""
        reasons = [notice.reason for notice in self.notices]
        self.notices.clear()
        return list(reasons)


def verdict(now: float, **more: Any) -> Verdict:
    given: dict[str, Any] = {
        "rule": "起火", "version": 1, "brand": "星曜", "entity": "", "at": now, "appended": now - 0.2,
        "window_start": now - 60, "window_end": now - 1, "topic": "posts", "epoch": 1, "partition": 0,
        "offsets": (0,),
    } | more  # fmt: skip
    span = given["offsets"][:1] if given["offsets"] else int(given["window_end"])
    given.setdefault(
        "id", verdict_id(given["rule"], given["version"], given["entity"], f"{given['partition']}:{span}")
    )
    return Verdict(**given)


def kinds(step: Step) -> list[str]:
    return [entry.snapshot.last.kind for entry in step]
