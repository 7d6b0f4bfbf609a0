"""How many people it could have met."""

from collections.abc import Sequence
from datetime import datetime

from streams.measures.base import Measure, Row


def _reach(rows: Sequence[Row], _: datetime) -> int:
    followers: dict[tuple[str, str], int] = {}
    for row in rows:
        if row.author_id:
            followers[row.author] = max(followers.get(row.author, 0), row.author_followers)
    return sum(followers.values())


MEASURE = Measure(
    name="reach",
    zh="触达",
    en="Reach",
    unit="people",
    about_zh="可能触达的人数：每位作者只算一次，取其最大粉丝数；不同作者的共同粉丝无从得知，因此是上限。",
    about_en="People it could have met: each author once, with most followers seen; an upper bound, "
    "because followers that authors share are not known.",
    formula="Σ over authors of max(followers)",
    source="exposure, de-duplicated by author (ours)",
    # maxMap takes no tuple as key; two of ten million authors share a hash with a chance of 3 in a million
    value="arraySum(mapValues(maxMapIf(map(cityHash64(platform, author_id), author_followers), author_id != '')))",
    fold=_reach,
)
