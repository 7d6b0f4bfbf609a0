"""koubei spike: {"hours", "current"} lines → {"expected", "eta", "fires"} lines, by the formula of the rules."""

import sys
from typing import Annotated, Any

import msgspec

from streams.alerts.spike import MINIMUM, judge
from streams.errors import BadRecord
from streams.language import t

Number = Annotated[float, msgspec.Meta(ge=0, le=1e15)]


class Hour(msgspec.Struct, frozen=True):
    """A line of the input; other fields are ignored.

    Attributes:
        hours: counts of the hours before, oldest first.
        current: count of the hour that is judged.
        minimum: least count of a spike.
    """

    hours: list[Number]
    current: Number
    minimum: Number = MINIMUM


def spike() -> int:
    """Judge hours line by line; a line that is no good is answered with its error, and the next one is read."""
    decode = msgspec.json.Decoder(Hour).decode
    code = 0
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        answer: dict[str, Any]
        try:
            hour = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            message = t(
                f'第 {number} 行须为 {{"hours": [1, 2], "current": 3}}：{error}',
                f'line {number} must be {{"hours": [1, 2], "current": 3}}: {error}',
            )
            answer = {"error": {"line": number, "message": message}}
            code = BadRecord.exit_code
        else:
            answer = judge(hour.hours, hour.current, hour.minimum)._asdict()
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()
    return code
