"""What is counted: up to which offset of `topic:epoch:partition`, and which posts, for they may be collected again."""

from collections.abc import Mapping

from msgspec import Struct

from streams.topics.alert import KEY

NOTHING = -1
"""Below every offset."""
_KEPT_EPOCHS = 2

KEPT = 1000
"""Records that are known again when they come at another offset."""


class Known(Struct, frozen=True):
    """The newest records that are counted.

    Attributes:
        total: how many were so far; what knows of more is the newer.
        keys: of the newest `KEPT`, the newest last.
    """

    total: int = 0
    keys: bytes = b""

    def without(self, keys: bytes) -> tuple[bytes, ...]:
        """Those of these keys that are not known, each once."""
        known = set(_each(self.keys))
        return tuple(key for key in dict.fromkeys(_each(keys)) if key not in known)

    def plus(self, keys: tuple[bytes, ...]) -> "Known":
        """With these counted as well."""
        return Known(self.total + len(keys), b"".join((self.keys, *keys))[-KEPT * KEY :])


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


def _each(keys: bytes) -> list[bytes]:
    return [keys[start : start + KEY] for start in range(0, len(keys), KEY)]
