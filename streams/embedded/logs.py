"""One log of all processes: names and colours for a terminal, plain lines with times in DATA/logs."""

import json
import logging
import logging.handlers
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

COLOURS = (36, 35, 32, 33, 34, 96, 95, 92, 93, 94)
ROTATE_BYTES = 10_000_000
ROTATE_FILES = 5
LATIN_WARNING = {"warning": 33, "error": 31, "critical": 31}


def path(data: Path) -> Path:
    """Where the log file is."""
    return data / "logs" / "koubei.log"


class Log:
    """Takes lines of named processes.

    Args:
        data: folder that gets `logs/koubei.log`.
        timezone: of the times that are shown.
        screen: a stream to show the lines on; None shows nothing.
    """

    def __init__(self, data: Path, timezone: str = "Asia/Shanghai", screen: TextIO | None = None) -> None:
        file = path(data)
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = logging.handlers.RotatingFileHandler(
            file, maxBytes=ROTATE_BYTES, backupCount=ROTATE_FILES, encoding="utf-8"
        )
        self._zone = ZoneInfo(timezone)
        self._screen = screen
        self._colour = screen is not None and screen.isatty() and not os.environ.get("NO_COLOR")
        self._names: list[str] = []

    def write(self, name: str, line: str) -> None:
        """One line said by the process `name`."""
        now = datetime.now(self._zone)
        text = f"{now.isoformat(timespec='milliseconds')} {name:<10} {line}"
        self._file.emit(logging.LogRecord(name, logging.INFO, "", 0, text, None, None))
        if self._screen is not None:
            try:
                self._screen.write(self._render(now, name, line) + "\n")
                self._screen.flush()
            except OSError:  # the terminal was closed: the file goes on
                self._screen = None

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _render(self, now: datetime, name: str, line: str) -> str:
        level, text = readable(line)
        if not self._colour:
            return f"{now:%H:%M:%S} {name:<10} | {text}"
        if name not in self._names:
            self._names.append(name)
        colour = COLOURS[self._names.index(name) % len(COLOURS)]
        if level in LATIN_WARNING:
            text = f"\x1b[{LATIN_WARNING[level]}m{text}\x1b[0m"
        return f"\x1b[2m{now:%H:%M:%S}\x1b[0m \x1b[{colour}m{name:<10} |\x1b[0m {text}"


def readable(line: str) -> tuple[str, str]:
    """Level and text of a log line; JSON lines become `event key=value ...`, others stay as they are."""
    if not line.startswith("{"):
        return "", line
    try:
        fields = json.loads(line)
    except ValueError:
        return "", line
    if not isinstance(fields, dict) or "event" not in fields:
        return "", line
    level = str(fields.pop("level", ""))
    said = str(fields.pop("message", "") or fields["event"])
    hidden = ("event", "ts", "timestamp", "room", "logger")
    rest = " ".join(f"{key}={value}" for key, value in fields.items() if key not in hidden)
    return level, f"{said} {rest}".rstrip()


def screen(shown: bool = True) -> TextIO | None:
    """The terminal's error stream, or nothing."""
    return sys.stderr if shown else None
