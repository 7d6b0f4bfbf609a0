"""How many people speak."""

from streams.measures.base import Measure

MEASURE = Measure(
    name="authors",
    zh="发声人数",
    en="Authors",
    unit="people",
    about_zh="发声的不同作者数，精确计数；作者编号在平台内唯一，没有作者的不算。",
    about_en="Distinct authors, counted exactly; an id is one person within its platform, none is nobody.",
    formula="|{ (platform, author) }|",
    source="distinct count",
    value="uniqExactIf((platform, author_id), author_id != '')",
    fold=lambda rows, _: len({row.author for row in rows if row.author_id}),
)
