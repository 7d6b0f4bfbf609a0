"""How rules did in a window: from the view `alert_tuning` to `streams.alerts.tuning`."""

from typing import NamedTuple

from streams.alerts.tuning import Seen, Tuning, tuning
from streams.read.queries import Reader

_SEEN = """
SELECT
    t.rule,
    groupArray
    ((
        t.kind, t.highest, t.lowest, t.matches, t.notices, t.claim_seconds,
        t.ended_by_people, t.false_alarm, t.acted, t.wasted, t.state = 'resolved'
    )),
    any(r.falls)
FROM
(
    SELECT * FROM alert_tuning
    WHERE NOT stored AND state != 'pending'
        AND first_fired >= fromUnixTimestamp64Milli({since:Int64})
        AND first_fired < fromUnixTimestamp64Milli({until:Int64})
        AND ({rule:String} = '' OR rule = {rule:String})
) AS t
LEFT ANY JOIN
(
    SELECT
        name,
        JSONType(definition, 'below') NOT IN ('Null', '') AND JSONType(definition, 'above') IN ('Null', '') AS falls
    FROM rules_latest
) AS r ON r.name = t.rule
GROUP BY t.rule
"""
_STARTED = "SELECT 1 FROM alert_log WHERE landed_at < fromUnixTimestamp64Milli({at:Int64}) LIMIT 1"


class Digest(NamedTuple):
    """How all rules did in a window.

    Attributes:
        rules: those with alerts, the noisiest first.
        whole: all of them as if they were one rule, whose name is ""; None without any alert.
    """

    rules: list[Tuning]
    whole: Tuning | None


async def tunings(reader: Reader, since: float, until: float, *, rule: str = "") -> list[Tuning]:
    """How rules did, the noisiest first. Raises like `Reader.run`.

    Args:
        reader: the store.
        since: of alerts that first fired then or later, Unix seconds.
        until: and before this moment.
        rule: only this one; "" for all.
    """
    return (await digest(reader, since, until, rule=rule)).rules


async def digest(reader: Reader, since: float, until: float, *, rule: str = "") -> Digest:
    """How rules did one by one and together; arguments and errors as of `tunings`."""
    asked = {"since": round(since * 1000), "until": round(until * 1000), "rule": rule}
    found = [
        (name, [Seen(*row) for row in rows], bool(falls))
        for name, rows, falls in (await reader.ask(_SEEN, asked)).rows
    ]
    seconds = until - since
    rules = [tuning(name, seen, seconds, falls=falls) for name, seen, falls in found]
    every = [one for _, seen, _ in found for one in seen]
    return Digest(
        sorted(rules, key=lambda one: (-one.noise, -one.wasted, -one.alerts, one.rule)),
        tuning("", every, seconds) if every else None,
    )


async def started(reader: Reader, at: float) -> bool:
    """Whether there had been any alert before this moment, Unix seconds. Raises like `Reader.run`."""
    return bool((await reader.ask(_STARTED, {"at": round(at * 1000)})).rows)
