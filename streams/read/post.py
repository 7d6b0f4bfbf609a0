"""One post with its analysis, its corrections, its spread and the way it took through the pipeline."""

import asyncio
from collections.abc import Iterable
from typing import Any, NamedTuple

from streams.read.corrections import Correction, corrections
from streams.read.queries import Reader


class Mention(NamedTuple):
    """A brand in a text. Places are characters of the original text, the stop not included.

    Attributes:
        brand: canonical name.
        sentiment: the program's verdict toward it: pos, neu or neg.
        score: its lean, -1 to 1.
        confidence: 0 to 1.
        start: begin of its first mention.
        stop: end of it.
        evidence_start: begin of what the verdict rests on.
        evidence_stop: end of it; 0 when there is no such place.
        correction: what a person says instead, None when the verdict counts.
    """

    brand: str
    sentiment: str
    score: float
    confidence: float
    start: int
    stop: int
    evidence_start: int
    evidence_stop: int
    correction: Correction | None = None

    @property
    def counted(self) -> str:
        """The sentiment that counts, as the view `mentions` has it."""
        return self.correction.sentiment if self.correction else self.sentiment


class Aspect(NamedTuple):
    """An aspect that a text speaks of; `brand` is "" when it names none."""

    aspect: str
    brand: str
    sentiment: str
    score: float
    start: int
    stop: int


class Hit(NamedTuple):
    """A rule that a text meets, with the place of its first term; 0, 0 when fields alone decide."""

    rule: str
    version: int
    start: int
    stop: int
    variant: str


class Judge(NamedTuple):
    """What a number in the column `judge` stands for: the engine, and the version of each lexicon."""

    engine: str
    lexicons: dict[str, int]


class PostDetail(NamedTuple):
    """A post as the store has it.

    Attributes:
        fields: its columns by name, without those of the lists that follow.
        mentions: the brands in it.
        aspects: what of them it speaks of.
        hits: the rules it meets.
        judge: what it was judged with; None for rows from before that was kept.
        corrections: what people have corrected, newest first.
        shares: how often it was shared.
        sharers: by how many people.
    """

    fields: dict[str, Any]
    mentions: list[Mention]
    aspects: list[Aspect]
    hits: list[Hit]
    judge: Judge | None
    corrections: list[Correction]
    shares: int
    sharers: int


_POST = """
SELECT * EXCEPT (version, simhash)
FROM posts_latest
WHERE post_id = {id:String} AND platform = {platform:String}
ORDER BY edited DESC, published DESC
LIMIT 1
"""

_SHARES = "SELECT uniqExact(share_id), uniqExact(user_id) FROM shares_latest WHERE root_id = {id:String}"

_JUDGE = (
    "SELECT engine, lexicons FROM judges WHERE judge = {judge:UInt32} ORDER BY first_seen, digest LIMIT 1"
)


async def post(reader: Reader, platform: str, post_id: str) -> PostDetail | None:
    """The post with this id, None if there is none. Raises like `Reader.run`."""
    found = (await reader.ask(_POST, {"platform": platform, "id": post_id})).dicts()
    if not found:
        return None
    fields = found[0]
    history, spread, judges = await asyncio.gather(
        corrections(reader, "post", platform, post_id),
        reader.ask(_SHARES, {"id": post_id}),
        reader.ask(_JUDGE, {"judge": fields["judge"]}),
    )
    standing = _standing(history)
    mentions = [Mention(*parts) for parts in _nested(fields, "mentions", Mention._fields[:-1])]
    shares, sharers = spread.rows[0]
    return PostDetail(
        fields,
        [mention._replace(correction=standing.get(mention.brand)) for mention in mentions],
        [Aspect(*parts) for parts in _nested(fields, "aspects", Aspect._fields)],
        [Hit(*parts) for parts in _nested(fields, "hits", Hit._fields)],
        Judge(*judges.rows[0]) if judges.rows else None,
        history,
        shares,
        sharers,
    )


def _standing(history: list[Correction]) -> dict[str, Correction]:
    """The correction in force of each brand: the newest one, unless it is a withdrawal."""
    newest = {one.brand: one for one in reversed(history)}
    return {brand: one for brand, one in newest.items() if one.sentiment}


def _nested(fields: dict[str, Any], name: str, columns: Iterable[str]) -> Iterable[tuple[Any, ...]]:
    """The entries of a nested column, taken out of the row."""
    return zip(*(fields.pop(f"{name}.{column}") for column in columns), strict=True)
