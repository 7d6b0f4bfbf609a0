"""How much is said."""

from streams.measures.base import Measure

MEASURE = Measure(
    name="volume",
    zh="声量",
    en="Volume",
    unit="posts",
    about_zh="提及品牌的帖子和带话的转发数；一帖提及两个品牌，各算一次。",
    about_en="Posts, and shares with words, that name the brand; one that names two counts once for each.",
    formula="n",
    source="count of rows",
    value="count()",
    fold=lambda rows, _: len(rows),
)
