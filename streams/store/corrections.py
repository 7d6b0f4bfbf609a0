"""What people say the sentiment toward a brand really is: appended, never changed; the newest one counts.

The view `mentions` shows a correction in place of the program's verdict as soon as it is stored, and keeps the
verdict beside it (`judged_sentiment`). Withdrawing is a correction too: the verdict counts again.
"""

import difflib
from collections.abc import Iterable
from typing import NamedTuple

from streams.errors import BadConfig
from streams.language import t
from streams.store.client import Connection

WITHDRAW = "withdraw"
"""What people write to withdraw a correction; stored as ''."""

KINDS = ("post", "share")
LONGEST_NOTE = 500
LONGEST_ACTOR = 100

_LABELS = {
    **dict.fromkeys(("pos", "正", "正面"), "pos"),
    **dict.fromkeys(("neu", "中", "中性"), "neu"),
    **dict.fromkeys(("neg", "负", "负面"), "neg"),
    **dict.fromkeys((WITHDRAW, "撤销", "撤销更正"), ""),
}


class BadCorrection(BadConfig):
    """A correction that cannot be taken as it was written."""


class NoSuchMention(BadCorrection):
    """Nothing stored mentions this brand under this id."""


class Correction(NamedTuple):
    """What a person says of one mention.

    Attributes:
        kind: post or share.
        platform: where it was said.
        id: of the post or the share.
        brand: canonical name, as in `mentions`.
        sentiment: pos, neu or neg; "" withdraws the correction before.
        actor: who says so.
        via: cli, page or api.
        note: why, in their words.
    """

    kind: str
    platform: str
    id: str
    brand: str
    sentiment: str
    actor: str
    via: str
    note: str = ""


_JUDGED = (
    "SELECT brand, any(judged_sentiment) FROM mentions "
    "WHERE kind = {kind:String} AND platform = {platform:String} AND id = {id:String} GROUP BY brand ORDER BY brand"
)
_ELSEWHERE = (
    "SELECT DISTINCT kind, platform FROM mentions WHERE id = {id:String} AND brand = {brand:String} "
    "ORDER BY platform = {platform:String} DESC, kind, platform LIMIT 5"
)
_STANDING = (
    "SELECT argMax(sentiment, at) FROM corrections WHERE kind = {kind:String} AND platform = {platform:String} "
    "AND id = {id:String} AND brand = {brand:String}"
)


def sentiment(label: str) -> str:
    """pos, neu, neg, or "" for a withdrawal, from what people write (pos, 正, 正面, withdraw, 撤销).

    Raises:
        BadCorrection: none of these.
    """
    found = _LABELS.get(label.strip().lower())
    if found is None:
        raise BadCorrection(
            t(
                f"没有 {label!r} 这种情感，写 pos、neu、neg（或 正、中、负），撤销更正写 {WITHDRAW}",
                f"There is no sentiment {label!r}: write pos, neu or neg, or {WITHDRAW} to withdraw a correction",
            )
        )
    return found


def checked(asked: Correction) -> Correction:
    """The correction with its blanks tidied.

    Raises:
        BadCorrection: a field is missing, too long or not one of the known words.
    """
    made = asked._replace(actor=" ".join(asked.actor.split()), note=" ".join(asked.note.split()))
    if made.kind not in KINDS:
        raise BadCorrection(
            t(
                f"没有 {made.kind!r} 这一种，写 post（帖子）或 share（转发）",
                f"There is no kind {made.kind!r}: write post or share",
            )
        )
    for name in ("platform", "id", "brand", "actor"):
        if not getattr(made, name).strip():
            shown = t("署名（谁更正的）", "who corrects (by)") if name == "actor" else name
            raise BadCorrection(t(f"缺少{shown}，请填写", f"Missing: {shown}"))
    if made.sentiment not in _LABELS.values():
        sentiment(made.sentiment)
    for text, name, longest in (
        (made.actor, t("署名", "the name"), LONGEST_ACTOR),
        (made.note, t("说明", "the note"), LONGEST_NOTE),
    ):
        if len(text) > longest:
            raise BadCorrection(
                t(
                    f"{name}有 {len(text)} 字，最多 {longest} 字，请缩短",
                    f"{name} has {len(text)} characters, at most {longest} are kept: shorten it",
                )
            )
    return made


def correct(connection: Connection, asked: Correction) -> str:
    """Store the correction together with what the program judges now, and return that verdict.

    Args:
        connection: an account that may write.
        asked: what a person says.

    Raises:
        NoSuchMention: no such mention is stored; the text names the nearest ones.
        BadCorrection: the correction is malformed, or there is none to withdraw.
    """
    made = checked(asked)
    place = {"kind": made.kind, "platform": made.platform, "id": made.id, "brand": made.brand}
    judged: dict[str, str] = dict(connection.query(_JUDGED, place).rows)
    if made.brand not in judged:
        raise NoSuchMention(_unknown(made, judged, connection.query(_ELSEWHERE, place).rows))
    if not made.sentiment and not connection.query(_STANDING, place).rows[0][0]:
        raise BadCorrection(
            t(
                f"{made.platform} {made.id} 对 {made.brand} 没有更正可撤销，程序的判断本来就有效",
                f"There is no correction to withdraw of {made.brand} in {made.platform} {made.id}: "
                "the program's verdict counts already",
            )
        )
    connection.insert(
        "corrections",
        {name: [value] for name, value in made._asdict().items()} | {"judged": [judged[made.brand]]},
    )
    return judged[made.brand]


def _unknown(asked: Correction, brands: Iterable[str], elsewhere: Iterable[tuple[str, ...]]) -> str:
    where = f"{asked.platform} {asked.id}"
    if named := list(brands):
        near = difflib.get_close_matches(asked.brand, named, n=1, cutoff=0.5)
        hint = t(f"，是不是 {near[0]}？", f"; did you mean {near[0]}?") if near else ""
        return t(
            f"{where} 没有提及 {asked.brand}{hint or '。'}提到的品牌：{'、'.join(named)}",
            f"{where} does not mention {asked.brand}{hint or '.'} It mentions: {', '.join(named)}",
        )
    if places := [f"{platform} --kind {kind}" for kind, platform in elsewhere]:
        return t(
            f"{where}（{asked.kind}）没有提及 {asked.brand}，这个编号在：{'、'.join(places)}",
            f"{where} ({asked.kind}) does not mention {asked.brand}; that id is at: {', '.join(places)}",
        )
    return t(
        f"库中没有 {where} 的品牌提及：核对平台和编号，或它没有提及任何品牌、还没入库",
        f"Nothing stored under {where} mentions a brand: check platform and id; "
        "it may name no brand, or not have landed yet",
    )
