"""DATA/stack.json: what a running stack tells other commands, and how they know that it still runs."""

import contextlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from streams.embedded.machine import started

State = Literal["waiting", "starting", "running", "restarting", "tripped", "done", "failed", "stopped"]


@dataclass
class Part:
    """One process of the stack as it is now.

    Attributes:
        name: kafka, clickhouse, migrate, worker-N, notifier, web or feeder.
        pid: of its process; None while there is none.
        state: what it is doing.
        since: when it came into that state, Unix seconds.
        restarts: how often it had to be started again.
        exit: how its last process ended, None while it never did.
        metrics: its Prometheus port, where it has one.
    """

    name: str
    pid: int | None = None
    state: State = "waiting"
    since: float = 0.0
    restarts: int = 0
    exit: int | None = None
    metrics: int | None = None


@dataclass
class Running:
    """The content of stack.json (0600: it holds passwords)."""

    pid: int
    ticks: int | None
    started: float
    demo: bool = False
    kafka: str | None = None
    clickhouse: str | None = None
    clickhouse_reader: str | None = None
    clickhouse_admin: str | None = None
    clickhouse_http: str | None = None
    page: str | None = None
    token: str | None = None
    processes: dict[str, int] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)

    @property
    def alive(self) -> bool:
        """Whether that very supervisor still runs; a recycled pid does not count."""
        now = started(self.pid)
        return now is not None and (self.ticks is None or now == self.ticks)

    def write(self, data: Path) -> None:
        """Replace stack.json at once, so that readers never see half of it."""
        self.processes = {part.name: part.pid for part in self.parts if part.pid is not None}
        write_private(path(data), json.dumps(asdict(self), ensure_ascii=False, indent=1))


def path(data: Path) -> Path:
    """Where stack.json is."""
    return data / "stack.json"


def read(data: Path) -> Running | None:
    """The stack that was last started on `data`, running or not; None when there is none."""
    try:
        known: dict[str, Any] = json.loads(path(data).read_text("utf-8"))
        known["parts"] = [Part(**part) for part in known["parts"]]
        return Running(**known)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def running(data: Path) -> Running | None:
    """The stack that runs on `data` now."""
    known = read(data)
    return known if known is not None and known.alive else None


def forget(data: Path) -> None:
    """Remove stack.json: the stack has ended."""
    path(data).unlink(missing_ok=True)


def resume_mark(data: Path) -> Path:
    """The file by which `koubei worker resume` asks the supervisor to start tripped workers."""
    return data / "resume"


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, atomically."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
    draft.replace(file)
