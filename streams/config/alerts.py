"""How patient alerts are, and who is told of them: people, rotas, teams and routes."""

from datetime import date, datetime, time
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from streams.config.durations import Clock, Duration, Hours
from streams.config.rooms import Room
from streams.language import t
from streams.severity import Severity

Name = Annotated[str, StringConstraints(min_length=1, max_length=40)]
"""Of a person, a rota or a team."""


class AlertSettings(Room):
    """How patient alerts are. Spans are texts such as `90s`, `10m`, `24h`, `7d`, or seconds."""

    group_interval: Duration = Field(
        300.0, gt=0, description="Least time between two messages about an alert that has grown."
    )
    repeat: Duration = Field(
        14_400.0, gt=0, description="Time between two reminders, until somebody has claimed the alert."
    )
    acknowledge_within: Duration = Field(
        900.0, gt=0, description="Unclaimed for so long, the next level of the team is told."
    )
    acknowledged_for: Duration = Field(
        3600.0, gt=0, description="Claimed for so long without a case, the alert fires again."
    )
    resolve_after: Duration = Field(
        3600.0, gt=0, description="An alert about posts that matches nothing new for so long is resolved."
    )
    page_within: Duration = Field(
        900.0,
        gt=0,
        description="What reaches the notifier later than so long after Kafka got it is stored and summed up in "
        "one message, never sent one by one.",
    )
    quiet_hours: Hours = Field(
        None, description='Hours in which messages wait, `"22:00-08:00"`; `""` for none. Red never waits.'
    )
    quiet_rest_days: bool = Field(
        False,
        description="Whether they wait on weekends and holidays as well; not on days that are worked for 调休.",
    )
    quiet_max: Literal["blue", "yellow", "orange"] = Field(
        "orange", description="The worst level that waits. Red never does."
    )
    digest: Literal["weekly", "off"] = Field(
        "weekly",
        description="Whether a digest of last week's alerts and noisy rules is sent at 08:57 on the first working day "
        "of the week.",
    )
    digest_channels: list[str] = Field(
        default_factory=list, description="Channels for the digest; empty for all."
    )


class CaseSettings(Room):
    """How long people may take with a case, by severity, in real hours."""

    respond: dict[Severity, Duration] = Field(
        default_factory=dict,
        description='Until the first reply: `{red = "1h", orange = "4h", yellow = "24h", blue = "48h"}` unless given.',
    )
    resolve: dict[Severity, Duration] = Field(
        default_factory=dict, description="Until it is resolved; the same figures unless given."
    )
    same_event: Duration = Field(
        86_400.0, gt=0, description="An alert that fires again so soon after its case ended reopens the case."
    )
    reopen_within: Duration = Field(
        604_800.0, gt=0, description="So long after it ended a person may reopen a case."
    )


class PersonSettings(Room):
    """Somebody to notify by name. Each platform knows people by an id of its own; an empty one notifies nobody."""

    model_config = ConfigDict(coerce_numbers_to_str=True)  # a mobile number is easily written without quotes

    name: str = Field("", description="As shown in messages; by default the NAME of the table.")
    mobile: str = Field("", description="Mobile number, as 钉钉 and 企业微信 know it.")
    dingtalk: str = Field("", description="User id in 钉钉.")
    wecom: str = Field("", description="User id in 企业微信.")
    feishu: str = Field("", description="Open id or user id in 飞书.")


class OverrideSettings(Room):
    """Somebody stands in for whoever's turn it is. Of two at the same time the later one in the file holds."""

    model_config = ConfigDict(serialize_by_alias=True)

    person: Name = Field(description="Who stands in.")
    since: date | datetime = Field(
        alias="from", description="From when: a time, or a day, which means its hand-over."
    )
    until: date | datetime = Field(description="Until when: a time, or a day, which means its hand-over.")

    @model_validator(mode="after")
    def _order(self) -> "OverrideSettings":
        begin, end = (one.date() if isinstance(one, datetime) else one for one in (self.since, self.until))
        if end < begin or self.since == self.until:
            raise ValueError(t("until 要晚于 from", "until is later than from"))
        return self


class RotaSettings(Room):
    """People who take turns."""

    people: list[Name] = Field(min_length=1, description="In the order of their turns.")
    every: Literal["day", "week", "workday"] = Field(
        "week",
        description="How long a turn is. `workday`: the turn passes on every working morning, and whoever has it "
        "before rest days keeps it through them; 调休 is known.",
    )
    handover: Clock = Field(time(9), description="When the turn passes on, by the clock of `timezone`.")
    start: date = Field(
        date(2024, 1, 1),
        description="First day of the first one's turn; weeks begin on its day of the week, by default Monday.",
    )
    overrides: list[OverrideSettings] = Field(default_factory=list, description="Who stands in, and when.")


class LevelSettings(Room):
    """Whom to tell first, second and so on: a rota, people, channels, or several of these."""

    rota: str = Field("", description="Whoever has the turn in this rota is notified by name.")
    people: list[Name] = Field(default_factory=list, description="These are notified by name.")
    channels: list[str] = Field(
        default_factory=list, description="Through these; by default those of the route, or else all."
    )
    after: Duration | None = Field(
        None,
        gt=0,
        description="How long to wait for a claim before the next level; `acknowledge_within` if unset.",
    )


class TeamSettings(Room):
    """Who is responsible, level by level: nobody claims an alert, and the next level is told."""

    levels: list[LevelSettings] = Field(min_length=1, description="From the first that is told to the last.")


class RouteSettings(Room):
    """Alerts of these brands, rules and levels, at these times → a team, or channels.

    Every route that fits counts. An alert that none fits goes to all channels: nothing is lost by a gap.
    """

    team: str = Field(
        "", description="Team that is told; a rule that names a team reaches only that one's routes."
    )
    brands: list[str] = Field(default_factory=list, description="Brands; empty for all.")
    rules: list[str] = Field(default_factory=list, description="Rules; empty for all.")
    severity: Severity = Field("blue", description="The lowest level that is told.")
    days: Literal["daily", "workday", "restday"] = Field("daily", description="On which days; 调休 is known.")
    hours: Hours = Field(None, description='In which hours, `"09:00-18:00"`; `""` for all.')
    channels: list[str] = Field(
        default_factory=list,
        description="Channels for it; by default those of the team's level, or else all.",
    )
    silent: bool = Field(
        False, description="Tell nobody, unless another route fits: the alert is only stored."
    )
