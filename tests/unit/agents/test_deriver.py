"""One derived table at fault, the others at work."""

import time
from math import inf
from typing import ClassVar

import pytest

from streams import derived
from streams.agents.deriver import DeriverState
from streams.derived.base import Step
from streams.errors import StoreUnavailable
from streams.store.client import Connection
from streams.store.tables import Table


class Good:
    name = "good"
    tables: tuple[Table, ...] = ()
    every = 0.0

    def step(self, connection: Connection) -> Step:
        return Step(3, False)


class Faulty:
    name = "faulty"
    tables: tuple[Table, ...] = ()
    every = 0.0
    made: ClassVar[int] = 0
    error: ClassVar[Exception] = ValueError("a bug")

    def __init__(self) -> None:
        type(self).made += 1

    def step(self, connection: Connection) -> Step:
        raise self.error


@pytest.mark.parametrize(
    ("error", "told"), [(ValueError("a bug"), "ValueError('a bug')"), (StoreUnavailable("gone"), "gone")]
)
def test_a_table_at_fault_begins_anew_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    monkeypatch.setattr(derived, "ALL", (Faulty, Good))
    monkeypatch.setattr(Faulty, "error", error)
    monkeypatch.setattr(Faulty, "made", 0)
    state = DeriverState("clickhouse://localhost:1/koubei")
    first = state.step()
    time.sleep(0.05)  # ten times what its step took
    second = state.step()
    assert first.failed == {"faulty": told}
    assert first.counted == second.counted == {"good": 3}
    assert second.failed == {}, "it waits before it is tried again"
    assert Faulty.made == 2


class Slow(Good):
    """Each step is long, and the next one is wanted soon, or not."""

    within: ClassVar[float] = 0.0

    def step(self, connection: Connection) -> Step:
        time.sleep(0.1)
        return Step(1, False, self.within)


@pytest.mark.parametrize(("within", "soon"), [(inf, False), (0.2, True)])
def test_a_long_step_is_followed_late_unless_it_must_not_be(
    monkeypatch: pytest.MonkeyPatch, within: float, soon: bool
) -> None:
    monkeypatch.setattr(derived, "ALL", (Slow,))
    monkeypatch.setattr(Slow, "within", within)
    wait = DeriverState("clickhouse://localhost:1/koubei").step().wait
    assert (wait < 0.21) == soon
