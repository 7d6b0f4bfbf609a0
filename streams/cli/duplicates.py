"""koubei duplicates: {"id", "text"} lines → {"id", "group"} lines."""

import os
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from streams.language import t
from streams.text.duplicates import Groups
from streams.text.normalise import normalise

BAD = 1
_CHUNK = 1 << 16


class Item(msgspec.Struct, frozen=True):
    """A line of the input; other fields are ignored."""

    id: str | int
    text: str


class Bad(NamedTuple):
    """A line that is no item.

    Attributes:
        line: its number, counted from 1.
        message: what is wrong with it.
    """

    line: int
    message: str


def duplicates() -> int:
    """Group the near duplicates among the lines of standard input; answers line by line, in order."""
    decode = msgspec.json.Decoder(Item).decode
    encode = msgspec.json.Encoder().encode
    groups: Groups[str | int] = Groups()
    code = 0
    number = 0
    for lines in _arriving():
        items: list[Item | Bad] = []
        for line in lines:
            number += 1
            if line.strip():
                items.append(_item(line, number, decode))
        good = [item for item in items if isinstance(item, Item)]
        places = iter(groups.assign([item.id for item in good], normalise([item.text for item in good])))
        answers: list[dict[str, Any]] = []
        for item in items:
            if isinstance(item, Item):
                answers.append({"id": item.id, "group": next(places).group})
            else:
                answers.append({"error": item._asdict()})
                code = BAD
        sys.stdout.buffer.write(b"".join(encode(answer) + b"\n" for answer in answers))
        sys.stdout.buffer.flush()
    return code


def _item(line: bytes, number: int, decode: Any) -> Item | Bad:
    try:
        item: Item = decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        needed = '{"id": "1", "text": "…"}'
        return Bad(number, t(f"不是 {needed} 这样的一行：{error}", f"not a line like {needed}: {error}"))
    return item


def _arriving() -> Iterator[list[bytes]]:
    """The lines that have arrived, as soon as there are any: a slow writer is answered at once, a fast one in bulk."""
    rest = [b""]
    while chunk := os.read(sys.stdin.fileno(), _CHUNK):
        *lines, last = chunk.split(b"\n")
        if lines:
            lines[0] = b"".join((*rest, lines[0]))
            yield lines
            rest = []
        rest.append(last)
    if any(rest):
        yield [b"".join(rest)]
