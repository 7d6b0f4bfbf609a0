"""Praise against blame, among those who take sides."""

from collections.abc import Sequence
from datetime import datetime

from streams.measures.base import LEAST, Measure, Row, ratio, tones


def _nsr(rows: Sequence[Row], _: datetime) -> float | None:
    positive, _neutral, negative = tones(rows)
    return ratio(100 * (positive - negative), positive + negative)


MEASURE = Measure(
    name="nsr",
    zh="净情感值 NSR",
    en="Net sentiment rate (NSR)",
    unit="points",
    about_zh="有褒贬的之中，正面比负面多出的百分数，−100 至 100；不含中性。",
    about_en="Among those that take sides, how many per cent more are positive than negative, −100 to 100.",
    formula="(P − N) / (P + N) × 100",
    source="KAWO, 社媒声量指标说明 (kawo.com)",
    value="100 * (countIf(sentiment = 'pos') - countIf(sentiment = 'neg'))"
    " / nullIf(countIf(sentiment IN ('pos', 'neg')), 0)",
    fold=_nsr,
    sample="countIf(sentiment IN ('pos', 'neg'))",
    counted=lambda row: row.sentiment in ("pos", "neg"),
    least=LEAST,
)
