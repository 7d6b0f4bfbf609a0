"""An alert → channels, and the people to notify by name in each: by team, brand, rule, severity and time."""

from typing import NamedTuple

from msgspec import Struct

from streams.alerts.calendar import Calendar
from streams.alerts.local import Hours, date_at, end_of
from streams.alerts.rota import Rota, on_call
from streams.alerts.schedule import Days, falls
from streams.severity import SEVERITIES


class Level(Struct, frozen=True, kw_only=True):
    """Whom to tell at one step of the escalation.

    Attributes:
        rota: name of the rota whose turn it is; "" for none.
        people: who else.
        channels: through these; empty for those of the route.
        after: seconds to wait for a claim before the next level.
    """

    rota: str = ""
    people: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    after: float = 900.0


class Route(Struct, frozen=True, kw_only=True):
    """Which alerts go to whom.

    Attributes:
        team: whose levels are told; "" for the team that the rule names, or none.
        brands, rules: empty for all.
        severity: the lowest one.
        days, hours: when.
        channels: through these; empty for all.
        silent: whether nobody is told.
    """

    team: str = ""
    brands: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()
    severity: str = "blue"
    days: Days = "daily"
    hours: Hours | None = None
    channels: tuple[str, ...] = ()
    silent: bool = False


class Subject(NamedTuple):
    """What is known of an alert.

    Attributes:
        severity: as it is now.
        at: when it first fired, Unix seconds: routes are those of that moment, so that an alert stays with its
            team; the turns are those of the moment of the message.
        brand, rule: "" for none.
        team: that the rule names; "" for none.
    """

    severity: str
    at: float
    brand: str = ""
    rule: str = ""
    team: str = ""


class Delivery(NamedTuple):
    """One channel, and who is to be notified by name there."""

    channel: str
    people: tuple[str, ...] = ()


class Plan(Struct, frozen=True, kw_only=True):
    """Who is told of what.

    Attributes:
        zone: whose clock.
        calendar: which days are worked.
        channels: all of them, in their order.
        rotas: by name.
        teams: name → levels, one at least.
        routes: without any, every alert goes to every channel.
    """

    zone: str
    calendar: Calendar
    channels: tuple[str, ...] = ()
    rotas: dict[str, Rota] = {}
    teams: dict[str, tuple[Level, ...]] = {}
    routes: tuple[Route, ...] = ()

    def deliveries(self, subject: Subject, level: int, now: float) -> tuple[Delivery, ...]:
        """Where a message about it goes.

        Args:
            subject: the alert.
            level: how far it is escalated, from 0; behind the last level the last one is told again.
            now: of the message, Unix seconds.
        """
        told: dict[str, dict[str, None]] = {}
        for route in self._fitting(subject):
            chosen = self._level(route, level)
            people = self._people(chosen, now) if chosen else ()
            for channel in (chosen and chosen.channels) or route.channels or self.channels:
                told.setdefault(channel, {}).update(dict.fromkeys(people))
        return tuple(Delivery(channel, tuple(people)) for channel, people in told.items())

    def reached(self, subject: Subject, level: int, now: float) -> tuple[str, ...]:
        """Channels that were told up to that level: these hear of its end as well."""
        steps = (self.deliveries(subject, step, now) for step in range(level + 1))
        return tuple(dict.fromkeys(one.channel for step in steps for one in step))

    def wait(self, subject: Subject, level: int) -> float | None:
        """Seconds until the level above is told: the shortest of its teams; None when none has one above."""
        teams = (self.teams.get(route.team, ()) for route in self._fitting(subject))
        return min((levels[level].after for levels in teams if level + 1 < len(levels)), default=None)

    def _fitting(self, subject: Subject) -> list[Route]:
        """The routes for it, each with its team. An alert that none fits goes everywhere: a gap loses nothing."""
        own = subject.team if subject.team in self.teams else ""
        fitting = [route for route in self.routes if self._fits(route, subject)] or [Route()]
        return [
            Route(team=route.team or own, channels=route.channels) for route in fitting if not route.silent
        ]

    def _fits(self, route: Route, subject: Subject) -> bool:
        return (
            (not subject.team or route.team in ("", subject.team))
            and (not route.brands or subject.brand in route.brands)
            and (not route.rules or subject.rule in route.rules)
            and SEVERITIES.index(subject.severity) >= SEVERITIES.index(route.severity)
            and falls(route.days, date_at(self.zone, subject.at), self.calendar)
            and (route.hours is None or end_of(self.zone, route.hours, subject.at) is not None)
        )

    def _level(self, route: Route, level: int) -> Level | None:
        levels = self.teams.get(route.team, ())
        return levels[min(level, len(levels) - 1)] if levels else None

    def _people(self, level: Level, now: float) -> tuple[str, ...]:
        rota = self.rotas.get(level.rota)
        turn = (on_call(rota, self.calendar, now),) if rota else ()
        return tuple(dict.fromkeys((*turn, *level.people)))
