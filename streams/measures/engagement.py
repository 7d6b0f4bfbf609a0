"""How much it moves people to answer."""

from streams.measures.base import ENGAGEMENT, Measure

MEASURE = Measure(
    name="engagement",
    zh="互动量",
    en="Engagement",
    unit="points",
    about_zh="采集时的点赞、评论、转发加权之和：赞 1、评 5、转 10。",
    about_en="Likes, comments and reposts as they stood when collected, weighted 1, 5 and 10.",
    formula="Σ (likes + 5 comments + 10 reposts)",
    source="weights of BettaFish (666ghj/BettaFish@aa3b913)",
    value=ENGAGEMENT,
    fold=lambda rows, _: sum(row.engagement for row in rows),
)
