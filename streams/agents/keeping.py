"""The last lexicons of one's own that could be loaded, kept for a start at which they cannot.

A worker that runs keeps the version before when a lexicon breaks. One that starts then, perhaps after a crash
at night, has no version before: it takes this copy instead of staying down.
"""

import contextlib
import hashlib
import os
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path


def keep(folders: Sequence[Path], cache: Path) -> None:
    """Copy the folders; a cache that cannot be written costs the copy and no more."""
    for folder in folders:
        place = _place(folder, cache)
        partial = place.with_name(f"{place.name}.{os.getpid()}-{threading.get_ident()}")
        with contextlib.suppress(OSError):  # of two lanes at once, one is enough
            shutil.copytree(folder, partial)
            shutil.rmtree(place, ignore_errors=True)
            partial.rename(place)
        shutil.rmtree(partial, ignore_errors=True)


def kept(folders: Sequence[Path], cache: Path) -> tuple[Path, ...] | None:
    """The copies of the folders, None unless there is one of each."""
    found = tuple(_place(folder, cache) for folder in folders)
    return found if all(folder.is_dir() for folder in found) else None


def _place(folder: Path, cache: Path) -> Path:
    name = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:16]
    return cache / "lexicons" / name
