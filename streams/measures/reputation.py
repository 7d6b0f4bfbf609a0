"""美誉度: a ten-point score in which a neutral voice counts half."""

from collections.abc import Sequence
from datetime import datetime

from streams.measures.base import LEAST, Measure, Row, ratio, tones


def _reputation(rows: Sequence[Row], _: datetime) -> float | None:
    positive, neutral, negative = tones(rows)
    return ratio(10 * (2 * positive + neutral), 2 * positive + neutral + 2 * negative)


_WHOLE = "2 * countIf(sentiment IN ('pos', 'neg')) + countIf(sentiment = 'neu')"

MEASURE = Measure(
    name="reputation",
    zh="美誉度",
    en="Reputation",
    unit="points",
    about_zh="十分制的口碑分：正面、负面各算两票，中性算一票并归入正面。",
    about_en="A score out of ten: a positive or negative voice has two votes, a neutral one has one, in favour.",
    formula="(2P + Neu) / (2P + Neu + 2N) × 10",
    source="奇酷 (dybbs8, 113920152)",
    value=f"10 * (2 * countIf(sentiment = 'pos') + countIf(sentiment = 'neu')) / nullIf({_WHOLE}, 0)",
    fold=_reputation,
    sample="countIf(sentiment IN ('pos', 'neu', 'neg'))",
    counted=lambda row: row.sentiment in ("pos", "neu", "neg"),
    least=LEAST,
)
