"""Rules in the store: every version of each is kept, the newest of each is in use.

A change names the version it was made from: whoever edited an older one is told so instead of undoing
another's change (docs/adr/0010).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from streams.errors import BadConfig
from streams.language import t
from streams.rules.rule import Rule
from streams.store.client import Connection


class Stored(NamedTuple):
    """The newest version of a rule.

    Attributes:
        version: counts from 1.
        rule: as it was written; None when this version cannot be read.
        removed: whether it is out of use.
        actor: who wrote this version.
        fault: why it cannot be read.
    """

    version: int
    rule: Rule | None
    removed: bool
    actor: str
    fault: str = ""


class Change(NamedTuple):
    """What is to become of a rule.

    Attributes:
        name: the rule.
        base: the version that the change was made from, 0 for a new rule.
        rule: the rule from now on; None takes it out of use.
    """

    name: str
    base: int
    rule: Rule | None


def fingerprint(connection: Connection) -> int:
    """A number that changes with every change of the rules: cheap to ask for again and again."""
    found = connection.query("SELECT sum(cityHash64(name, version, definition, removed)) FROM rules")
    return int(found.rows[0][0])


def newest(connection: Connection) -> dict[str, Stored]:
    """The newest version of every rule, removed ones too, by name."""
    found = connection.query(
        "SELECT name, version, definition, removed, actor FROM rules ORDER BY name, version DESC, at LIMIT 1 BY name"
    )
    return {
        name: _stored(version, definition, removed, actor)
        for name, version, definition, removed, actor in found.rows
    }


def version(connection: Connection, name: str, number: int) -> Rule | None:
    """One version of a rule; None where there is none or it cannot be read. Raises as `Connection.query`."""
    found = connection.query(
        "SELECT version, definition, removed, actor FROM rules "
        "WHERE name = {name:String} AND version = {version:UInt32} ORDER BY at LIMIT 1",
        {"name": name, "version": number},
    )
    return _stored(*found.rows[0]).rule if found.rows else None


def change(
    connection: Connection,
    changes: Sequence[Change],
    *,
    actor: str,
    via: str,
    note: str = "",
    force: bool = False,
) -> dict[str, int]:
    """Write the next version of each rule; returns the versions written. A rule as it is already is left alone.

    Args:
        connection: an account that writes.
        changes: all or none of them are made.
        actor: who makes them.
        via: cli, page or api.
        note: why.
        force: also over versions that the change was not made from.

    Raises:
        BadConfig: a rule was changed by somebody else since `base`; nothing was changed.
    """
    wanted = planned(newest(connection), changes, force=force)
    if wanted:
        connection.insert(
            "rules",
            {
                "name": list(wanted),
                "version": [version for version, _ in wanted.values()],
                "kind": [rule.kind if rule else "" for _, rule in wanted.values()],
                "definition": [
                    msgspec.json.encode(rule).decode() if rule else "" for _, rule in wanted.values()
                ],
                "removed": [rule is None for _, rule in wanted.values()],
                "actor": [actor] * len(wanted),
                "via": [via] * len(wanted),
                "note": [note] * len(wanted),
            },
        )
        _won(newest(connection), wanted)
    return {name: version for name, (version, _) in wanted.items()}


def planned(
    known: Mapping[str, Stored], changes: Sequence[Change], *, force: bool = False
) -> dict[str, tuple[int, Rule | None]]:
    """What `change` would write: name → next version and rule.

    Args:
        known: as `newest` gives it.
        changes: what is to be changed.
        force: also over versions that the change was not made from.

    Raises:
        BadConfig: a rule was changed by somebody else since `base`.
    """
    wanted: dict[str, tuple[int, Rule | None]] = {}
    stale = []
    for name, base, rule in changes:
        now = known.get(name)
        if now is None and rule is None:
            continue
        if now is not None and (now.removed if rule is None else not now.removed and now.rule == rule):
            continue
        version = now.version if now else 0
        if version != base and not force:
            stale.append(_stale(name, base, now))
        wanted[name] = (version + 1, rule)
    if stale:
        raise BadConfig("\n".join(stale))
    return wanted


def _won(now: dict[str, Stored], wanted: dict[str, tuple[int, Rule | None]]) -> None:
    """Of two that wrote the same version at once the first is in use: the other must hear of it."""
    lost = [
        _stale(name, version - 1, now[name])
        for name, (version, rule) in wanted.items()
        if now[name].version == version and now[name].rule != rule
    ]
    if lost:
        raise BadConfig("\n".join(lost))


def _stale(name: str, base: int, now: Stored | None) -> str:
    version, actor = (now.version, now.actor) if now else (0, "-")
    return t(
        f"规则 {name} 已是第 {version} 版（{actor}），你改的是第 {base} 版：koubei rules show {name} 看现在的，"
        "改好后再应用，或加 --force 覆盖",
        f"rule {name} is at version {version} (by {actor}) and you edited version {base}: "
        f"see it by koubei rules show {name}, apply again after merging, or overwrite by --force",
    )


def _stored(version: int, definition: str, removed: bool, actor: str) -> Stored:
    if removed:
        return Stored(version, None, True, actor)
    try:
        return Stored(version, msgspec.json.decode(definition, type=Rule), False, actor)
    except msgspec.DecodeError as error:
        return Stored(version, None, False, actor, str(error))
