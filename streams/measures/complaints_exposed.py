"""How many complain among those it was put before: does a campaign disturb?"""

from collections.abc import Sequence
from datetime import datetime

from streams.measures.base import Measure, Row, ratio


def _complaints(rows: Sequence[Row], _: datetime) -> float | None:
    complaints = sum(row.intent == "complaint" for row in rows)
    return ratio(1000 * complaints, sum(row.author_followers for row in rows))


MEASURE = Measure(
    name="complaints_exposed",
    zh="每千次曝光的投诉",
    en="Complaints per 1,000 views",
    unit="‰",
    about_zh="每千次曝光有几条投诉；用于活动期间判断是否扰民。没有曝光时不计算。",
    about_en="Complaints per thousand exposures, to see whether a campaign disturbs; none without exposure.",
    formula="complaints / Σ followers × 1000",
    source="ours, over exposure as 微分析 defines it",
    value="1000 * countIf(intent = 'complaint') / nullIf(sum(author_followers), 0)",
    fold=_complaints,
)
