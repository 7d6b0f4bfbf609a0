"""How many complain."""

from collections.abc import Sequence
from datetime import datetime

from streams.measures.base import LEAST, Measure, Row, ratio


def _complaints(rows: Sequence[Row], _: datetime) -> float | None:
    return ratio(1000 * sum(row.intent == "complaint" for row in rows), len(rows))


MEASURE = Measure(
    name="complaint_rate",
    zh="投诉率",
    en="Complaint rate",
    unit="‰",
    about_zh="每千条中意图为投诉的条数。",
    about_en="Of a thousand rows, how many intend to complain.",
    formula="complaints / n × 1000",
    source="ours",
    value="1000 * countIf(intent = 'complaint') / nullIf(count(), 0)",
    fold=_complaints,
    least=LEAST,
)
