"""A child must not outlive its parent: an orphan would hold ports, or write what its successor writes too."""

import ctypes
import os
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1
# Loaded here and not in `die_with`: that runs between fork and exec, where loading is not safe.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with(parent: int, number: int = signal.SIGTERM) -> None:
    """Have the kernel send this process `number` when its parent ends, however it ends (Linux).

    Elsewhere, and for a parent that ended before this call, whoever calls looks at `gone` now and then.
    """
    if _libc is not None:
        _libc.prctl(_SET_PARENT_DEATH_SIGNAL, number)
    if gone(parent):
        os._exit(0)


def gone(parent: int) -> bool:
    """Whether `parent` is no longer this process's parent."""
    return os.getppid() != parent
