"""Ordinals of judges: one for each content of program, settings and lexicons that rows were judged with."""

from collections.abc import Mapping

from streams.store.client import Connection

FIRST = 100_000
"""Rows of earlier versions carry smaller numbers, which were summed from the versions of lexicon files."""


def resolve(connection: Connection, digest: str, *, engine: str, lexicons: Mapping[str, int]) -> int:
    """The ordinal of the judge with this digest, registered if it is not the newest.

    Ordinals grow in the order of use, so that a row judged anew replaces the one before, also after going
    back to earlier lexicons: those get a new ordinal then. Of two judges that take the same ordinal at once,
    the first row wins and the other takes the next.

    Args:
        connection: an account that may write.
        digest: hash of everything that a verdict follows from.
        engine: name of the sentiment engine.
        lexicons: name of each lexicon and brand file → the version it gives itself.
    """
    while True:
        newest, owner = _newest(connection)
        if owner == digest:
            return newest
        connection.insert(
            "judges",
            {
                "judge": [newest + 1],
                "digest": [digest],
                "engine": [engine],
                "lexicons": [dict(lexicons)],
            },
        )


def _newest(connection: Connection) -> tuple[int, str]:
    found = connection.query(
        "SELECT judge, argMin(digest, (first_seen, digest)) FROM judges GROUP BY judge ORDER BY judge DESC LIMIT 1"
    ).rows
    return (int(found[0][0]), str(found[0][1])) if found else (FIRST, "")
