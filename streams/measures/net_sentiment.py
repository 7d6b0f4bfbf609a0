"""Praise against blame, among all."""

from collections.abc import Sequence
from datetime import datetime

from streams.measures.base import LEAST, Measure, Row, ratio, tones


def _net(rows: Sequence[Row], _: datetime) -> float | None:
    positive, neutral, negative = tones(rows)
    return ratio(100 * (positive - negative), positive + neutral + negative)


MEASURE = Measure(
    name="net_sentiment",
    zh="净情感",
    en="Net sentiment",
    unit="points",
    about_zh="全部之中，正面比负面多出的百分数，−100 至 100；与 NSR 是两个指标：分母含中性。",
    about_en="Among all, how many per cent more are positive than negative, −100 to 100; not the NSR: "
    "neutral ones count in the denominator.",
    formula="(P − N) / (P + Neu + N) × 100",
    source="Symanto; Black Box Intelligence",
    value="100 * (countIf(sentiment = 'pos') - countIf(sentiment = 'neg'))"
    " / nullIf(countIf(sentiment IN ('pos', 'neu', 'neg')), 0)",
    fold=_net,
    sample="countIf(sentiment IN ('pos', 'neu', 'neg'))",
    counted=lambda row: row.sentiment in ("pos", "neu", "neg"),
    least=LEAST,
)
