"""Everything that analysing needs, loaded once; the only place of the text core that reads files."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from streams.errors import BadConfig
from streams.language import t
from streams.text.aspects import Aspects
from streams.text.brands import Toward
from streams.text.journey import Journey
from streams.text.lexicons import Lexicons, load
from streams.text.opinions import Opinions
from streams.text.segment import Segmenter
from streams.text.sentiment import weights
from streams.text.sentiment.base import Engine
from streams.text.sentiment.calibrate import decode
from streams.text.sentiment.hybrid import Hybrid
from streams.text.sentiment.ngrams import Ngrams
from streams.text.sentiment.rule import Rule
from streams.text.terms import Terms

ENGINES = ("hybrid", "lexicon", "snownlp")


class Toolkit(NamedTuple):
    """What `analyse` works with.

    Attributes:
        segmenter: cuts words.
        engine: judges sentiment.
        terms: finds brands.
        opinions: finds the words that carry a verdict.
        toward: finds what is said of each, and its tone.
        aspects: finds what of a product is spoken of.
        journey: finds stage and intent of an author.
        lexicons: what all of them were made from.
        digest: hash over everything that was loaded.
    """

    segmenter: Segmenter
    engine: Engine
    terms: Terms
    opinions: Opinions
    toward: Toward
    aspects: Aspects
    journey: Journey
    lexicons: Lexicons
    digest: str


def build(*, sentiment: str, lexicons: Sequence[Path], calibration: Path | None = None) -> Toolkit:
    """Load lexicons and weights.

    Args:
        sentiment: one of `ENGINES`.
        lexicons: folders of lexicons, later ones overrule earlier ones.
        calibration: file of `koubei sentiment calibrate`; snownlp ignores it.

    Raises:
        BadConfig: an unknown engine, a lexicon with a mistake, or a calibration that does not fit.
    """
    merged = load(lexicons)
    segmenter = Segmenter(merged.user_words)
    opinions = Opinions(merged.sentiment, merged.relations)
    return Toolkit(
        segmenter=segmenter,
        engine=_engine(sentiment, merged, segmenter, lexicons, calibration),
        terms=Terms(merged.brands, segmenter, merged.known),
        opinions=opinions,
        toward=Toward(opinions, merged.relations, merged.brands, merged.known),
        aspects=Aspects(merged.aspects),
        journey=Journey(merged.journey),
        lexicons=merged,
        digest=_digest(lexicons, calibration),
    )


def _digest(folders: Sequence[Path], calibration: Path | None) -> str:
    """A hash over every file that a verdict may follow from: lexicons, brands, weights, calibration."""
    sums = hashlib.sha256()
    for file in [*(file for folder in folders for file in sorted(folder.glob("*/*"))), calibration]:
        if file is not None and file.is_file():
            sums.update(f"{file.parent.name}/{file.name}\0".encode() + file.read_bytes())
    return sums.hexdigest()


def _engine(
    name: str, lexicons: Lexicons, segmenter: Segmenter, folders: Sequence[Path], calibration: Path | None
) -> Engine:
    if name == "snownlp":
        from streams.text.sentiment.snownlp import Snow

        return Snow()
    if name not in ENGINES:
        known = " ".join(ENGINES)
        raise BadConfig(
            t(f"没有情感引擎 {name}，可用 {known}", f"no sentiment engine {name}; known are {known}")
        )
    return hybrid(name, lexicons, segmenter, folders, calibration=calibration)[0]


def hybrid(
    name: str,
    lexicons: Lexicons,
    segmenter: Segmenter,
    folders: Sequence[Path],
    *,
    calibration: Path | None = None,
) -> tuple[Hybrid, str]:
    """The engine `hybrid` or `lexicon`, and the SHA-256 of its n-gram weights ("" for none).

    Raises:
        BadConfig: no weights, or a calibration that was fitted to another engine.
    """
    rule = Rule(lexicons.sentiment, segmenter.split)
    ngrams, digest = None, ""
    if name == "hybrid":
        loaded = weights.load(folders)
        ngrams, digest = Ngrams(loaded), weights.digest(loaded)
    engine = Hybrid(rule, ngrams)
    if calibration is None:
        return engine, digest
    try:
        content = calibration.read_bytes()
    except OSError as error:
        raise BadConfig(
            t(
                f"读不了校准文件 {calibration}：改设置 text.calibration（{error}）",
                f"calibration {calibration} cannot be read: change setting text.calibration ({error})",
            )
        ) from error
    fitted = decode(content, digest)
    return engine.fitted(fitted.mix, fitted.ngrams), digest
