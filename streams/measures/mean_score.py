"""The average leaning."""

from collections.abc import Sequence
from datetime import datetime

from streams.measures.base import LEAST, Measure, Row, ratio


def _mean(rows: Sequence[Row], _: datetime) -> float | None:
    return ratio(sum(row.score for row in rows), len(rows))


MEASURE = Measure(
    name="mean_score",
    zh="平均倾向",
    en="Mean score",
    unit="points",
    about_zh="情感倾向的平均值，−1 至 1；与分类不同，看得出同为负面时的轻重。",
    about_en="Average leaning, −1 to 1; unlike the classes it tells mild from strong.",
    formula="Σ score / n",
    source="arithmetic mean",
    value="sum(toFloat64(score)) / nullIf(count(), 0)",
    fold=_mean,
    least=LEAST,
)
