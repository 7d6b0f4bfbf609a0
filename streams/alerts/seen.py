"""Up to where records are counted: `topic:epoch:partition` → highest offset."""

from collections.abc import Mapping

NOTHING = -1
"""Below every offset."""
_KEPT_EPOCHS = 2


def merged(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """What is counted by either.

    Of a topic only the two newest incarnations are kept: the records of older ones are gone and cannot come again.
    """
    both = dict(one)
    for source, offset in other.items():
        both[source] = max(offset, both.get(source, NOTHING))
    if len(both) > len(one):
        newest: dict[str, int] = {}
        for topic, epoch in map(_incarnation, both):
            newest[topic] = max(epoch, newest.get(topic, 0))
        both = {
            source: offset
            for source, offset in both.items()
            for topic, epoch in (_incarnation(source),)
            if epoch > newest[topic] - _KEPT_EPOCHS
        }
    return both


def _incarnation(source: str) -> tuple[str, int]:
    """Topic and epoch; what is no topic has one incarnation."""
    topic, *rest = source.rsplit(":", 2)
    return topic, int(rest[0]) if rest else 0
