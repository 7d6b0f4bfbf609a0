"""Names in the settings that stand for other parts of them: channels, people, rotas and teams exist, no circle."""

import difflib
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from streams.config.channels import ChannelSettings
from streams.config.rooms import CONFIG_FILE
from streams.errors import BadConfig
from streams.language import t

if TYPE_CHECKING:
    from streams.config.settings import Settings

_KINDS = {
    "channel": ("渠道", "channel", "channels"),
    "person": ("人", "person", "people"),
    "rota": ("值班表", "rota", "rotas"),
    "team": ("团队", "team", "teams"),
}


def check(settings: "Settings") -> None:
    """Whatever is named exists.

    Raises:
        BadConfig: a name that stands for nothing, a level that reaches nobody, channels in a circle.
    """
    known: dict[str, Collection[str]] = {
        "channel": settings.channels,
        "person": settings.people,
        "rota": settings.rotas,
        "team": settings.teams,
    }
    for kind, name, place in _named(settings):
        if name and name not in known[kind]:
            raise BadConfig(_unknown(kind, name, known[kind], place))
    for name in settings.channels:
        chain(settings.channels, name)
    for name, team in settings.teams.items():
        for position, level in enumerate(team.levels):
            if not (level.rota or level.people or level.channels):
                place = f"teams.{name}.levels.{position}"
                raise BadConfig(
                    t(
                        f"{place} 没有告诉任何人：写 rota、people 或 channels",
                        f"{place} tells nobody: give it rota, people or channels",
                    )
                )
    for position, route in enumerate(settings.routes):
        if route.silent and (route.team or route.channels):
            raise BadConfig(
                t(
                    f"routes.{position} 写了 silent，就不能再写 team 或 channels",
                    f"routes.{position} is silent, so it can name neither team nor channels",
                )
            )


def _named(settings: "Settings") -> Iterator[tuple[str, str, str]]:
    """What stands for what: the kind, the name, where it stands."""
    for name, channel in settings.channels.items():
        yield "channel", channel.fallback, f"channels.{name}.fallback"
    yield from (("channel", one, "alerts.digest_channels") for one in settings.alerts.digest_channels)
    for name, rota in settings.rotas.items():
        yield from (("person", person, f"rotas.{name}.people") for person in rota.people)
        for position, override in enumerate(rota.overrides):
            yield "person", override.person, f"rotas.{name}.overrides.{position}.person"
    for name, team in settings.teams.items():
        for position, level in enumerate(team.levels):
            place = f"teams.{name}.levels.{position}"
            yield "rota", level.rota, f"{place}.rota"
            yield from (("person", person, f"{place}.people") for person in level.people)
            yield from (("channel", one, f"{place}.channels") for one in level.channels)
    for position, route in enumerate(settings.routes):
        yield "team", route.team, f"routes.{position}.team"
        yield from (("channel", one, f"routes.{position}.channels") for one in route.channels)


def chain(channels: Mapping[str, ChannelSettings], name: str) -> tuple[str, ...]:
    """A channel, the one that takes over while it is silent, the one after that, and so on.

    Raises:
        BadConfig: they take over from one another in a circle.
    """
    found = [name]
    while following := channels[found[-1]].fallback:
        if following in found:
            circle = " → ".join([*found[found.index(following) :], following])
            raise BadConfig(
                t(
                    f"channels.{found[-1]}.fallback 绕成了圈：{circle}",
                    f"channels.{found[-1]}.fallback closes a circle: {circle}",
                )
            )
        found.append(following)
    return tuple(found)


def _unknown(kind: str, name: str, known: Collection[str], place: str) -> str:
    zh, en, table = _KINDS[kind]
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        hint = t(f"是不是想写 {near[0]}？", f"did you mean {near[0]}?")
    else:
        hint = t(f"在 {CONFIG_FILE} 里写 [{table}.{name}]", f"put [{table}.{name}] into {CONFIG_FILE}")
    return t(f"{place}：没有{zh} {name}，{hint}", f"{place}: there is no {en} {name}; {hint}")
