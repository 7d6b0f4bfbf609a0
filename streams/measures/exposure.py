"""How often it could have been seen."""

from streams.measures.base import Measure

MEASURE = Measure(
    name="exposure",
    zh="曝光",
    en="Exposure",
    unit="views",
    about_zh="可能被看到的次数：每条的作者粉丝数之和，同一作者发几条算几次。",
    about_en="Times that it could have been seen: followers of the author of each row, summed, not de-duplicated.",
    formula="Σ followers",
    source="微分析 (sunbookie.com/explain.html): exposure is the sum of followers, not de-duplicated",
    value="sum(author_followers)",
    fold=lambda rows, _: sum(row.author_followers for row in rows),
)
