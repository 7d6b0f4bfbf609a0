"""Data files that koubei brings along."""

from pathlib import Path
from typing import Literal

_PACKAGE = Path(__file__).parents[1]


def shipped(kind: Literal["lexicons", "dashboards"]) -> Path:
    """The folder of data files that koubei brings along, in a wheel or in a checkout."""
    packed = _PACKAGE / "_shipped" / kind
    return packed if packed.is_dir() else _PACKAGE.parent / kind
