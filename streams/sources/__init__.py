"""The outside world → posts. `ALL` names every source; files come in by `replay`, demos by `simulator`."""

from importlib import import_module
from typing import cast

from streams.sources.base import Source

ALL: tuple[tuple[str, str], ...] = (("rss", "streams.sources.rss:Rss"),)
"""Name and `module:class` of each source, imported only when it is used."""


def source(name: str) -> type[Source]:
    """The source of that name.

    Raises:
        KeyError: there is none.
    """
    module, _, attribute = dict(ALL)[name].partition(":")
    return cast(type[Source], getattr(import_module(module), attribute))
