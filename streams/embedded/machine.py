"""What Linux knows about processes, ports, memory and disk; read from /proc, no library needed.

Elsewhere the answers are "not known" (None), never guesses.
"""

import contextlib
import os
import shutil
import socket
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
LISTENING = "0A"


class Holder(NamedTuple):
    """A process that listens on a port."""

    pid: int
    name: str


def started(pid: int) -> int | None:
    """When process `pid` started, in clock ticks since boot; with the pid it names a process for ever.

    None when there is no such process or it is a zombie; 0 for any process where there is no /proc.
    """
    if not PROC.is_dir():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return None
        except PermissionError:
            pass
        return 0
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    # The second field is the command in brackets, which may itself hold blanks and brackets.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(first: int = 0, host: str = "127.0.0.1", tries: int = 100) -> int:
    """A free port: the first one from `first` upwards, or any when `first` is 0."""
    for port in range(first, min(first + tries, 65_536)) if first else ():
        if is_free(port, host):
            return port
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def holder(port: int) -> Holder | None:
    """Which process listens on a TCP port of this host; None when that cannot be seen."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (PROC / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    if not inodes:
        return None
    for folder in PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(os.readlink(link) in inodes for link in (folder / "fd").iterdir()):
                return Holder(int(folder.name), (folder / "comm").read_text().strip())
    return None


def memory_available() -> int | None:
    """Bytes that processes started now may use: the machine's, or what the container leaves."""
    answers = []
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = (PROC / "meminfo").read_text().splitlines()
        line = next(line for line in lines if line.startswith("MemAvailable:"))
        answers.append(int(line.split()[1]) * 1024)
    with contextlib.suppress(OSError, ValueError):  # cgroup v2; `max` means no limit and is no number
        group = Path("/sys/fs/cgroup")
        limit = int((group / "memory.max").read_text())
        answers.append(max(0, limit - int((group / "memory.current").read_text())))
    return min(answers, default=None)


def disk_free(folder: Path) -> int:
    """Bytes free where `folder` is or will be."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free
