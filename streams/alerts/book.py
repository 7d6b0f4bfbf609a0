"""The state machine of alerts: what verdicts, people and time make of them."""

from collections.abc import Iterable

from streams.alerts import acts, passing, verdicts
from streams.alerts.model import Alert, Policy, Silence, Step
from streams.alerts.shelf import Shelf
from streams.alerts.turn import Turn
from streams.topics.alert import Command, Verdict

_MOST_LATENCY = 2**32 - 1


class Book:
    """All alerts and silences, and what becomes of them. Pure: the same calls give the same steps.

    Every method that changes something takes the time and gives back what changed, to be stored before anything is
    sent. A Book made of the newest snapshots goes on exactly where they were taken.

    Args:
        policy: how patient alerts are.
        alerts: the newest snapshot of each, in any order.
        silences: the newest snapshot of each.
    """

    def __init__(
        self, policy: Policy, alerts: Iterable[Alert] = (), silences: Iterable[Silence] = ()
    ) -> None:
        self._policy = policy
        self._shelf = Shelf(policy.group_interval, policy.remembered, alerts, silences)
        self._acts = acts.Done()
        for alert in self._shelf.alerts.values():
            for command in alert.acts:
                self._acts.add(command)
        for silence_id in self._shelf.silences:
            self._acts.add(silence_id)

    @property
    def alerts(self) -> dict[str, Alert]:
        """Dedup key → its newest alert. Not to be changed."""
        return self._shelf.alerts

    @property
    def silences(self) -> dict[str, Silence]:
        """All silences by id, those that ended lately included. Not to be changed."""
        return self._shelf.silences

    @property
    def open(self) -> int:
        """How many alerts are not resolved."""
        return self._shelf.open

    def by_id(self, alert_id: str) -> Alert | None:
        """An alert, also one whose key has a newer one by now; None when it is unknown or long over."""
        return self._shelf.by_id(alert_id)

    def due(self) -> float | None:
        """When `tick` has something to do next, Unix seconds; None for never."""
        found = self._shelf.next()
        return None if found is None else found[0]

    def verdict(self, verdict: Verdict, now: float) -> Step:
        """What a rule's word changes; nothing when all of it was counted before."""
        turn = self._turn(now)
        verdicts.take(turn, verdict)
        return turn.done()

    def command(self, command: Command, now: float) -> Step:
        """What a person's act changes; nothing for the same act again, and for acts on cases."""
        if command.action.startswith("case_") or not self._acts.add(command.id):
            return []
        turn = self._turn(now)
        acts.act(turn, command)
        return turn.done()

    def case_opened(self, alert_id: str, case_id: str, now: float) -> Step:
        """A case looks after an alert from now on: its claim no longer lapses."""
        alert = self._shelf.by_id(alert_id)
        if alert is None or alert.case_id == case_id:
            return []
        turn = self._turn(now)
        due = {name: at for name, at in alert.due.items() if name != "case"}
        turn.write(alert, turn.event("case_opened", case_id), case_id=case_id, due=due)
        return turn.done()

    def handed(self, alert_id: str, latency_ms: int, now: float) -> Step:
        """A notice was handed to a channel; the first one of an alert gives its latency."""
        alert = self._shelf.by_id(alert_id)
        if alert is None or alert.latency_ms is not None:
            return []
        turn = self._turn(now)
        turn.write(alert, turn.event("handed"), latency_ms=min(max(latency_ms, 0), _MOST_LATENCY))
        return turn.done()

    def tick(self, now: float) -> Step:
        """Everything that is due by time; the same moment again changes nothing."""
        turn = self._turn(now)
        passing.run(turn)
        return turn.done()

    def _turn(self, now: float) -> Turn:
        return Turn(self._shelf, self._policy, now)
