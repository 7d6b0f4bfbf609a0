"""Errors as ClickHouse's clients know them: a number, and a text that begins with `DB::Exception:`."""

import re

from streams.errors import KoubeiError

_ENGINE_TEXT = re.compile(r"Code: (\d+)\. DB::Exception: (.*)", re.S)
_REPEATED = re.compile(r"^(?:Code: \d+\. )?DB::Exception: ", re.S)
_VERSION = re.compile(r" \(version [\d.]+\)")


class ServerError(KoubeiError):
    """What the client is told, over either protocol.

    Attributes:
        code: ClickHouse's error number.
        text: the message without code and prefix.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"Code: {code}. DB::Exception: {text}")
        self.code = code
        self.text = text


class ClientGone(Exception):
    """The peer closed its connection."""


def from_engine(error: BaseException) -> ServerError:
    """The error behind an exception of chdb; 1002 (UNKNOWN_EXCEPTION) when its text has no code."""
    if isinstance(error, ServerError):
        return error
    found = _ENGINE_TEXT.search(str(error))
    if not found:
        return ServerError(1002, f"{type(error).__name__}: {error}")
    text = _VERSION.sub("", found[2])
    while _REPEATED.match(text):
        text = _REPEATED.sub("", text, count=1)
    return ServerError(int(found[1]), text)
