"""Field types shared by the records: every limit of the tables is mirrored here.

A record that passes these types can always be written; what cannot is caught at decode time, where it
costs nothing, instead of by bisecting a batch that ClickHouse refused.
"""

from typing import Annotated

from msgspec import Meta

EARLIEST = 1_104_537_600
"""2005-01-01T00:00:00Z in Unix seconds; anything earlier is a clock that was never set."""

TEXT_LIMIT = 100_000
"""Longest text in characters; no platform allows a longer post."""

Id = Annotated[str, Meta(min_length=1, max_length=256)]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Text = Annotated[str, Meta(min_length=1, max_length=TEXT_LIMIT)]
OptionalText = Annotated[str, Meta(max_length=TEXT_LIMIT)]
Short = Annotated[str, Meta(max_length=1024)]
Url = Annotated[str, Meta(max_length=4096)]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Small = Annotated[int, Meta(ge=0, lt=2**16)]
Age = Annotated[int, Meta(ge=0, le=150)]
Time = Annotated[float, Meta(ge=EARLIEST, lt=1e17)]
"""Unix seconds, fractions allowed. A time in the far future is clamped by the worker, not refused."""
Number = Annotated[float, Meta(gt=-1e15, lt=1e15)]
