"""Who is told of an alert, from the settings: the pure rooms' rotas, routes and quiet hours, and people's ids."""

from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from streams.alerts import calendar as calendars
from streams.alerts.calendar import Calendar
from streams.alerts.case import WITHIN, Limits
from streams.alerts.local import instant
from streams.alerts.model import Alert, Policy
from streams.alerts.quiet import Quiet
from streams.alerts.rota import Rota, StandIn
from streams.alerts.routing import Level, Plan, Route, Subject
from streams.config import PersonSettings, RotaSettings, Settings, chain, shipped
from streams.errors import BadConfig
from streams.language import t
from streams.notify.base import Mention


class Delivery(NamedTuple):
    """One channel, and who is to be notified by name there."""

    channel: str
    mentions: tuple[Mention, ...] = ()


class OnCall(NamedTuple):
    """Whom to tell, and when.

    Attributes:
        plan: alerts → channels and people.
        quiet: when messages wait.
        people: name in the settings → how platforms know them.
        chains: channel → itself and those that take over from it, in this order.
    """

    plan: Plan
    quiet: Quiet
    people: dict[str, Mention]
    chains: dict[str, tuple[str, ...]]

    def deliveries(self, subject: Subject, level: int, now: float) -> tuple[Delivery, ...]:
        """Where a message about an alert goes, and whom it notifies; see `Plan.deliveries`."""
        return tuple(
            Delivery(one.channel, tuple(self.people[name] for name in one.people))
            for one in self.plan.deliveries(subject, level, now)
        )

    def held_until(self, severity: str, now: float) -> float:
        """When a message of that severity may go, Unix seconds; `now` itself when it need not wait."""
        return self.quiet.until(self.plan.calendar, severity, now)

    def patience(self, alert: Alert) -> float | None:
        """Seconds until the level above the alert's own is told; None when none of its teams has one."""
        return self.plan.wait(subject(alert), alert.level)


def subject(alert: Alert) -> Subject:
    """What routes ask of an alert."""
    return Subject(alert.severity, alert.first_fired, alert.brand, alert.rule, alert.team)


def calendar(settings: Settings) -> Calendar:
    """The shipped calendar, with the years of the own lexicons in the place of shipped ones.

    Raises:
        BadConfig: a file that cannot be read or contradicts itself.
    """
    own = settings.text.lexicons
    return calendars.load(shipped("lexicons"), *([own] if own else []))


def on_call(settings: Settings, known: Calendar | None = None) -> OnCall:
    """What the settings say.

    Args:
        settings: as `config.load` checked them.
        known: the calendar; by default it is read from its files.

    Raises:
        BadConfig: no such time zone; or see `calendar`.
    """
    zone = settings.timezone
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadConfig(
            t(
                f"没有时区 {zone}。请改 timezone，如 Asia/Shanghai",
                f"There is no time zone {zone}: mend timezone",
            )
        ) from error
    plan = Plan(
        zone=zone,
        calendar=calendar(settings) if known is None else known,
        channels=tuple(settings.channels),
        rotas={name: _rota(rota, zone) for name, rota in settings.rotas.items()},
        teams={
            name: tuple(
                Level(
                    rota=level.rota,
                    people=tuple(level.people),
                    channels=tuple(level.channels),
                    after=settings.alerts.acknowledge_within if level.after is None else level.after,
                )
                for level in team.levels
            )
            for name, team in settings.teams.items()
        },
        routes=tuple(
            Route(
                team=route.team,
                brands=frozenset(route.brands),
                rules=frozenset(route.rules),
                severity=route.severity,
                days=route.days,
                hours=route.hours,
                channels=tuple(route.channels),
                silent=route.silent,
            )
            for route in settings.routes
        ),
    )
    quiet = Quiet(
        zone=zone,
        hours=settings.alerts.quiet_hours,
        rest_days=settings.alerts.quiet_rest_days,
        highest=settings.alerts.quiet_max,
    )
    people = {name: _mention(name, person) for name, person in settings.people.items()}
    return OnCall(plan, quiet, people, {name: chain(settings.channels, name) for name in settings.channels})


def policy(settings: Settings, told: OnCall) -> Policy:
    """How patient alerts are, as the state machine takes it."""
    alerts = settings.alerts
    return Policy(
        group_interval=alerts.group_interval,
        repeat=alerts.repeat,
        acknowledge_within=alerts.acknowledge_within,
        acknowledged_for=alerts.acknowledged_for,
        resolve_after=alerts.resolve_after,
        page_within=alerts.page_within,
        levels=max((len(levels) - 1 for levels in told.plan.teams.values()), default=0),
        quiet=told.held_until,
        patience=told.patience,
        zone=ZoneInfo(settings.timezone),
    )


def limits(settings: Settings) -> Limits:
    """How long people may take with a case."""
    cases = settings.cases
    return Limits(
        respond={**WITHIN, **cases.respond},
        resolve={**WITHIN, **cases.resolve},
        same_event=cases.same_event,
        reopen_within=cases.reopen_within,
    )


def _mention(name: str, person: PersonSettings) -> Mention:
    return Mention(
        name=person.name or name,
        mobile=person.mobile,
        dingtalk=person.dingtalk,
        wecom=person.wecom,
        feishu=person.feishu,
    )


def _rota(rota: RotaSettings, zone: str) -> Rota:
    def moment(at: date | datetime) -> float:
        if not isinstance(at, datetime):
            return instant(zone, at, rota.handover)
        return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).timestamp()

    return Rota(
        people=tuple(rota.people),
        every=rota.every,
        handover=rota.handover,
        start=rota.start,
        zone=zone,
        stand_ins=tuple(StandIn(one.person, moment(one.since), moment(one.until)) for one in rota.overrides),
    )
