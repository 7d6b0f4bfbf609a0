"""How much of it is blame."""

from collections.abc import Sequence
from datetime import datetime

from streams.measures.base import LEAST, Measure, Row, ratio, tones


def _negative(rows: Sequence[Row], _: datetime) -> float | None:
    positive, neutral, negative = tones(rows)
    return ratio(100 * negative, positive + neutral + negative)


MEASURE = Measure(
    name="negative_share",
    zh="负面占比",
    en="Negative share",
    unit="%",
    about_zh="全部之中负面的占比。",
    about_en="Part of all that is negative.",
    formula="N / (P + Neu + N) × 100",
    source="common practice",
    value="100 * countIf(sentiment = 'neg') / nullIf(countIf(sentiment IN ('pos', 'neu', 'neg')), 0)",
    fold=_negative,
    sample="countIf(sentiment IN ('pos', 'neu', 'neg'))",
    counted=lambda row: row.sentiment in ("pos", "neu", "neg"),
    least=LEAST,
)
