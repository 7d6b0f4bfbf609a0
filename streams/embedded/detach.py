"""Going into the background, telling the foreground when all is ready or why it is not."""

import contextlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from streams.language import t


class Outcome:
    """The background's one message to the foreground, through a pipe."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def ready(self, said: dict[str, Any]) -> None:
        """Everything stands; `said` is handed over as JSON."""
        self._send({"said": said})

    def failed(self, error: str, code: int) -> None:
        """It will not come up."""
        self._send({"error": error, "code": code})

    def _send(self, message: dict[str, Any]) -> None:
        if self._descriptor is None:
            return
        # The foreground may be gone; the stack runs on all the same.
        with contextlib.suppress(OSError), os.fdopen(self._descriptor, "w", encoding="utf-8") as pipe:
            json.dump(message, pipe)
        self._descriptor = None


class Told(NamedTuple):
    """What the foreground learnt: `said` when ready, otherwise `error` and the exit `code`."""

    said: dict[str, Any] | None
    error: str = ""
    code: int = 0


def detach(run: Callable[[Outcome], None], *, output: Path) -> Told:
    """Run `run` in a process without terminal, and wait for its message.

    Forks twice with a new session in between, so that the process belongs to nobody and no terminal can
    reach it. What it prints goes to `output`. Ctrl-C while waiting ends it again.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    middle = os.fork()
    if middle == 0:
        os.close(reading)
        _become_daemon(run, writing, output)
    os.close(writing)
    os.waitpid(middle, 0)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        pid = int(pipe.readline())
        try:
            text = pipe.read()
        except KeyboardInterrupt:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            raise
    if not text:
        why = t(f"后台进程意外退出，见 {output}", f"The background process ended, see {output}")
        return Told(None, why, 70)
    message = json.loads(text)
    return Told(message.get("said"), message.get("error", ""), message.get("code", 0))


def _become_daemon(run: Callable[[Outcome], None], writing: int, output: Path) -> None:
    """Never returns."""
    code = 70
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.write(writing, f"{os.getpid()}\n".encode())
        null = os.open(os.devnull, os.O_RDWR)
        log = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for source, target in ((null, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        run(Outcome(writing))
        code = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)
