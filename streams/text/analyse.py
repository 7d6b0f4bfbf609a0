"""analyse(texts, toolkit) → columns: the only composition of the text core."""

from collections.abc import Sequence
from itertools import count
from typing import Any, NamedTuple

from streams.text.fingerprint import fingerprints
from streams.text.joined import Joined
from streams.text.normalise import normalise
from streams.text.opinions import Leans
from streams.text.sentiment.base import confidence, labels
from streams.text.toolkit import Toolkit

SEPARATOR = "\x1f"
"""Between the tokens of `Analysis.words`; no token holds it, folding drops it."""

_BLANK = " "
"""The only one that folding leaves; jieba makes each a token of its own."""

_DIFFERENT = 0.9
"""Share of different texts from which on it costs more than it saves to judge each once."""


class Analysis(NamedTuple):
    """Columns, one entry for each text. Places are code points of the original text.

    Attributes:
        folded: the texts as they were analysed.
        cuts: their tokens, blanks among them.
        words: tokens joined by `SEPARATOR`, blanks left out; "" when there are none.
        sentiment: `pos`, `neu` or `neg`.
        score: leaning, -1…1.
        confidence: 0…1.
        brands: canonical names, each once, in order of first mention.
        brand_sentiments: sentiment toward each of them.
        brand_scores: leaning toward each of them.
        brand_confidences: ½…1 for each of them.
        brand_starts: where each is first mentioned.
        brand_stops: behind that mention.
        brand_evidence_starts: where the words begin that carry the verdict; 0 when it is neutral.
        brand_evidence_stops: behind them; 0 when it is neutral.
        aspects: what of a product is spoken of, once for each brand that it is said of.
        aspect_brands: of whom; "" where the text names nobody.
        aspect_sentiments: the tone of each.
        aspect_scores: leaning of each.
        aspect_starts: where its word stands.
        aspect_stops: behind it.
        stage: how far its author is, one of `lexicons.STAGES`, or "".
        intent: what its author wants, one of `lexicons.INTENTS`, or "".
        simhash: fingerprint by which near duplicates are found; never 0.
    """

    folded: list[str]
    cuts: list[list[str]]
    words: list[str]
    sentiment: list[str]
    score: list[float]
    confidence: list[float]
    brands: list[list[str]]
    brand_sentiments: list[list[str]]
    brand_scores: list[list[float]]
    brand_confidences: list[list[float]]
    brand_starts: list[list[int]]
    brand_stops: list[list[int]]
    brand_evidence_starts: list[list[int]]
    brand_evidence_stops: list[list[int]]
    aspects: list[list[str]]
    aspect_brands: list[list[str]]
    aspect_sentiments: list[list[str]]
    aspect_scores: list[list[float]]
    aspect_starts: list[list[int]]
    aspect_stops: list[list[int]]
    stage: list[str]
    intent: list[str]
    simhash: list[int]


def analyse(texts: Sequence[str], toolkit: Toolkit, toward: Sequence[str] = ()) -> Analysis:
    """Segmentation, sentiment and brands of a batch. The cut of batches never changes a result.

    Args:
        texts: any texts; where many are the same, as those of shares are, each is judged once.
        toolkit: what to work with.
        toward: for each text a brand of interest besides those with a profile, or ""; may be left out.
    """
    different = dict.fromkeys(texts)
    if toward or len(different) >= _DIFFERENT * len(texts):
        return _analysed(texts, toolkit, toward)
    number = dict(zip(different, count(), strict=False))
    rows = [number[text] for text in texts]
    columns: Sequence[list[Any]] = _analysed(list(different), toolkit)
    return Analysis(*([column[row] for row in rows] for column in columns))


def _analysed(texts: Sequence[str], toolkit: Toolkit, toward: Sequence[str] = ()) -> Analysis:
    folded = Joined(normalise(texts))
    cuts = toolkit.segmenter.cut(folded)
    scores = toolkit.engine.judge(folded, cuts)
    asked = [toolkit.terms.canonical(name) if name else "" for name in toward]
    hits = toolkit.terms.find(folded, cuts, asked)
    parts: list[list[str]] = []
    plans = toolkit.toward.plan(folded, cuts, hits, asked, parts)
    judged = toolkit.engine.judge(["".join(part) for part in parts], parts).tolist() if parts else []
    leans = Leans(toolkit.opinions, cuts)
    score = scores.tolist()
    named = toolkit.toward.mentions(texts, folded, plans, leans, scores=score, judged=judged)
    aspects = toolkit.aspects.find(texts, folded, plans, leans)
    stage, intent = toolkit.journey.read(folded, score)
    return Analysis(
        folded=folded,
        cuts=cuts,
        words=_words(folded, cuts),
        sentiment=labels(scores),
        score=score,
        confidence=confidence(scores).tolist(),
        brands=named.brands,
        brand_sentiments=named.sentiments,
        brand_scores=named.scores,
        brand_confidences=named.confidences,
        brand_starts=named.starts,
        brand_stops=named.stops,
        brand_evidence_starts=named.evidence_starts,
        brand_evidence_stops=named.evidence_stops,
        aspects=aspects.aspects,
        aspect_brands=aspects.brands,
        aspect_sentiments=aspects.sentiments,
        aspect_scores=aspects.scores,
        aspect_starts=aspects.starts,
        aspect_stops=aspects.stops,
        stage=stage,
        intent=intent,
        simhash=fingerprints(folded),
    )


def _words(texts: Sequence[str], cuts: Sequence[list[str]]) -> list[str]:
    """Joined tokens; only texts that hold a blank need a look at each token."""
    return [
        SEPARATOR.join([token for token in tokens if token != _BLANK] if _BLANK in text else tokens)
        for text, tokens in zip(texts, cuts, strict=True)
    ]
