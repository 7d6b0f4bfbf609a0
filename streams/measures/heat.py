"""How hot it is right now."""

from collections.abc import Sequence
from datetime import datetime
from math import exp2

from streams.measures.base import COMMENT, LIKE, REPOST, Measure, Row

HALF_LIFE = 24 * 3600
"""Seconds after which a post warms half as much."""


def _heat(rows: Sequence[Row], until: datetime) -> float:
    return sum((1 + row.engagement) * exp2(-(until - row.at).total_seconds() / HALF_LIFE) for row in rows)


MEASURE = Measure(
    name="heat",
    zh="热度",
    en="Heat",
    unit="points",
    about_zh="每条 1 分加其互动量，越早的越不作数：每过 24 小时减半，算到所选时间的终点。",
    about_en="One point a row plus its engagement, worth half with every 24 hours before the window's end.",
    formula="Σ (1 + likes + 5 comments + 10 reposts) × 2^(−age / 24 h)",
    source="weight × time decay of EdgeRank (vectree.io, Cornell INFO 2040), weights of BettaFish; half-life ours",
    value=f"sum((1 + {LIKE} * likes + {COMMENT} * comments + {REPOST} * reposts)"
    f" * exp2(-dateDiff('millisecond', at, {{until}}) / {HALF_LIFE * 1000}))",
    fold=_heat,
)
