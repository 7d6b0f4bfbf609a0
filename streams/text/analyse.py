"""analyse(texts, toolkit) → columns: the only composition of the text core."""

from collections.abc import Sequence
from typing import NamedTuple

from streams.text.normalise import normalise
from streams.text.sentiment.base import confidence, labels
from streams.text.toolkit import Toolkit

SEPARATOR = "\x1f"
"""Between the tokens of `Analysis.words`; no token holds it, folding drops it."""


class Analysis(NamedTuple):
    """Columns, one entry for each text.

    Attributes:
        words: tokens joined by `SEPARATOR`, blanks left out; "" when there are none.
        sentiment: `pos`, `neu` or `neg`.
        score: leaning, -1…1.
        confidence: 0…1.
        brands: canonical names, each once, in order of first mention.
        brand_sentiments: sentiment toward each of them.
        brand_scores: leaning toward each of them.
        brand_starts: code point at which each is first mentioned in the original text.
        brand_stops: code point behind that mention.
    """

    words: list[str]
    sentiment: list[str]
    score: list[float]
    confidence: list[float]
    brands: list[list[str]]
    brand_sentiments: list[list[str]]
    brand_scores: list[list[float]]
    brand_starts: list[list[int]]
    brand_stops: list[list[int]]


def analyse(texts: Sequence[str], toolkit: Toolkit) -> Analysis:
    """Segmentation, sentiment and brands of a batch. The cut of batches never changes a result."""
    folded = normalise(texts)
    cuts = toolkit.segmenter.cut(folded)
    scores = toolkit.engine.judge(folded, cuts)
    hits = toolkit.terms.find(folded, cuts)
    named = toolkit.toward.mentions(texts, folded, cuts, scores, hits=hits, engine=toolkit.engine)
    return Analysis(
        words=_words(folded, cuts),
        sentiment=labels(scores),
        score=scores.tolist(),
        confidence=confidence(scores).tolist(),
        brands=named.brands,
        brand_sentiments=named.sentiments,
        brand_scores=named.scores,
        brand_starts=named.starts,
        brand_stops=named.stops,
    )


def _words(texts: Sequence[str], cuts: Sequence[list[str]]) -> list[str]:
    """Joined tokens. Folding leaves one kind of blank, so only texts that hold it need a look at each token."""
    return [
        SEPARATOR.join([token for token in tokens if not token.isspace()] if " " in text else tokens)
        for text, tokens in zip(texts, cuts, strict=True)
    ]
