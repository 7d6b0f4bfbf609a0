"""koubei down: end the stack that runs on a data folder."""

import contextlib
import os
import signal
import time

from streams.cli.common import Data, say, settings
from streams.embedded import state
from streams.errors import KoubeiError
from streams.language import t

PATIENCE = 20.0
"""Seconds that an orderly end may take; its own limits add up to less."""


def down(*, data: Data = None) -> int:
    """End the stack in order; ends well when nothing runs."""
    folder = settings(data).embedded.data
    stack = state.running(folder)
    if stack is None:
        state.forget(folder)
        say(t(f"{folder} 上没有正在运行的系统", f"No stack runs on {folder}"))
        return 0
    with contextlib.suppress(ProcessLookupError):
        os.kill(stack.pid, signal.SIGTERM)
    began = time.monotonic()
    while stack.alive:
        if time.monotonic() - began > PATIENCE:
            # Its children die with it; what ClickHouse has acknowledged survives that.
            os.kill(stack.pid, signal.SIGKILL)
            state.forget(folder)
            raise KoubeiError(
                t(
                    f"{PATIENCE:g} 秒没有停下，已强制结束（pid {stack.pid}）。日志在 {folder}/logs",
                    f"No end within {PATIENCE:g} s, killed (pid {stack.pid}). The log is in {folder}/logs",
                )
            )
        time.sleep(0.05)
    say(t("已停止，数据留在 ", "Stopped; the data stays in ") + str(folder))
    return 0
