"""Which accounts look like 水军: judged anew whenever a post of theirs has been grouped."""

from streams.derived.base import Step
from streams.store.client import Connection
from streams.store.tables import Table
from streams.text.accounts import SQL

DAYS = 30
"""Days of posts that an account is judged by."""

_OVERLAP = 5
"""Seconds by which steps overlap: rows are stamped before they can be seen."""

_FLAG = """
INSERT INTO flagged_accounts (platform, author_id, label)
SELECT platform, author_id, argMax(label, counted_at) AS latest
FROM accounts
WHERE counted_at >= fromUnixTimestamp64Milli({since:Int64})
GROUP BY platform, author_id
HAVING latest IN ('light', 'heavy') OR (platform, author_id) IN (SELECT platform, author_id FROM flagged_accounts)
"""

_FIELDS = "platform, author_id, posts, copies, copy_ratio, burst, score, label"


class Accounts:
    """Fills `accounts`."""

    name = "accounts"
    tables: tuple[Table, ...] = ()
    every = 10.0

    def step(self, connection: Connection) -> Step:
        """Judge the authors of what was grouped since the last step."""
        found = connection.query(
            "SELECT toUnixTimestamp64Milli(now64(3)), maxOrDefault(toUnixTimestamp64Milli(landed_at)), "
            "(SELECT toUnixTimestamp64Milli(max(counted_at)) FROM duplicates) "
            "FROM watermarks FINAL WHERE derived = {name:String}",
            {"name": self.name},
        ).rows[0]
        now, judged, grouped = map(int, found)
        if grouped < judged:
            return Step(0, False)
        connection.execute(
            f"INSERT INTO accounts ({_FIELDS}) SELECT {_FIELDS} FROM ({SQL})",  # noqa: S608 - constants of ours
            {
                "since": now / 1000 - DAYS * 86_400,
                "until": now / 1000 + 86_400,
                "counted": max(0.0, judged / 1000 - _OVERLAP),
            },
        )
        connection.execute(_FLAG, {"since": now - _OVERLAP * 1000})
        connection.insert(
            "watermarks",
            {
                "derived": [self.name],
                "topic": ["posts"],
                "epoch": [0],
                "partition": [0],
                "offset": [0],
                "landed_at": [now],
            },
        )
        return Step(0, False)
