"""How many of those who could see it answer."""

from collections.abc import Sequence
from datetime import datetime

from streams.measures.base import LEAST, Measure, Row, ratio


def _rate(rows: Sequence[Row], _: datetime) -> float | None:
    answers = sum(row.likes + row.comments + row.reposts for row in rows)
    return ratio(100 * answers, sum(row.author_followers for row in rows))


MEASURE = Measure(
    name="engagement_rate",
    zh="互动率",
    en="Engagement rate",
    unit="%",
    about_zh="点赞、评论、转发的次数（不加权）占曝光的百分数；没有曝光时不计算。",
    about_en="Likes, comments and reposts, unweighted, in per cent of the exposure; none without exposure.",
    formula="Σ (likes + comments + reposts) / Σ followers × 100",
    source="engagement rate by followers, common practice",
    value="100 * sum(likes + comments + reposts) / nullIf(sum(author_followers), 0)",
    fold=_rate,
    least=LEAST,
)
