"""What a reply to the posts of a case is to be about."""

from collections import Counter
from collections.abc import Sequence

from streams.alerts.replies import Facts
from streams.read.matched import named
from streams.severity import Severity
from streams.store.client import Connection
from streams.topics.alert import Ref

POSTS = 20
"""Posts that are looked at."""

_SAID = "SELECT aspects, toString(intent), tone FROM ({rows}) WHERE text != ''"


def facts(
    connection: Connection, refs: Sequence[Ref], *, brand: str, severity: Severity, author: str = ""
) -> Facts:
    """What most of the posts speak of, ask for and feel; what is not known stays empty. Raises as `Connection.query`.

    Args:
        connection: an account that reads.
        refs: the posts.
        brand: whom the case is about; "" for none.
        severity: of the case.
        author: whom the reply is to, as the platform shows the name: the store only has ids.
    """
    found = []
    if refs:
        rows, params = named(refs[:POSTS], brand)
        found = connection.query(_SAID.format(rows=rows), params).rows
    aspects = Counter(aspect for said, _, _ in found for aspect in dict.fromkeys(said))
    return Facts(
        author=author,
        brand=brand,
        aspects=tuple(aspect for aspect, _ in aspects.most_common()),
        intent=_most([intent for _, intent, _ in found]),
        sentiment=_most([tone for _, _, tone in found]),
        severity=severity,
    )


def _most(words: Sequence[str]) -> str:
    """The one that is said most often; "" where none is."""
    known = Counter(word for word in words if word)
    return known.most_common(1)[0][0] if known else ""
