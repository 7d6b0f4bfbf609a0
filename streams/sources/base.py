"""What every source of posts is: one file, one Config, one async iterator."""

from collections.abc import AsyncIterator
from typing import ClassVar, Protocol

from msgspec import Struct

from streams.errors import BadRecord
from streams.topics.post import Post


class Config(Struct, frozen=True, kw_only=True):
    """What any source is told.

    Attributes:
        targets: what to read (addresses of feeds, names of accounts ...).
        allow_private: whether addresses inside this network may be fetched.
        hmac_key: turns user ids into keyed hashes.
    """

    targets: tuple[str, ...]
    allow_private: bool = False
    hmac_key: bytes | None = None


class Source(Protocol):
    """Somewhere outside that posts come from.

    A source promises: the same item always gets the same id; a bad item comes out as a BadRecord in its
    place and stops nothing; what is published at or before `since` is left out.
    """

    name: ClassVar[str]

    def __init__(self, config: Config) -> None: ...

    def posts(self, since: float | None = None) -> AsyncIterator[Post | BadRecord]:
        """The posts published after `since` (Unix seconds), or all that the source still has."""
        ...
