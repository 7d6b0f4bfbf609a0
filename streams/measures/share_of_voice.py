"""Who of the competitors is talked about: all of it, the praise, the blame, and the answers."""

from streams.measures.base import ENGAGEMENT, LEAST, Share

_SOURCE = "shno.co, share of voice; over one named competitor set"

VOICE = Share(
    name="share_of_voice",
    zh="声量占比 SOV",
    en="Share of voice (SOV)",
    unit="%",
    about_zh="某品牌的提及占同一竞品组全部提及的百分数；一帖提及两个品牌各算一次，一组合计 100。",
    about_en="A brand's mentions in per cent of those of its competitor set; a post naming two brands counts "
    "once for each, and the set adds up to 100.",
    formula="n_b / Σ_k n_k × 100",
    source=_SOURCE,
    value="count()",
    fold=lambda rows, _: len(rows),
    least=LEAST,
)

PRAISE = Share(
    name="share_of_praise",
    zh="正面声量占比",
    en="Share of praise",
    unit="%",
    about_zh="某品牌的正面提及占同一竞品组全部正面提及的百分数。",
    about_en="A brand's positive mentions in per cent of those of its competitor set.",
    formula="P_b / Σ_k P_k × 100",
    source=_SOURCE,
    value="countIf(sentiment = 'pos')",
    fold=lambda rows, _: sum(row.sentiment == "pos" for row in rows),
    sample="countIf(sentiment = 'pos')",
    counted=lambda row: row.sentiment == "pos",
    least=LEAST,
)

BLAME = Share(
    name="share_of_blame",
    zh="负面声量占比",
    en="Share of blame",
    unit="%",
    about_zh="某品牌的负面提及占同一竞品组全部负面提及的百分数。",
    about_en="A brand's negative mentions in per cent of those of its competitor set.",
    formula="N_b / Σ_k N_k × 100",
    source=_SOURCE,
    value="countIf(sentiment = 'neg')",
    fold=lambda rows, _: sum(row.sentiment == "neg" for row in rows),
    sample="countIf(sentiment = 'neg')",
    counted=lambda row: row.sentiment == "neg",
    least=LEAST,
)

ANSWERS = Share(
    name="share_of_engagement",
    zh="互动占比",
    en="Share of engagement",
    unit="%",
    about_zh="某品牌的互动量占同一竞品组全部互动量的百分数。",
    about_en="A brand's engagement in per cent of that of its competitor set.",
    formula="E_b / Σ_k E_k × 100",
    source=f"{_SOURCE}; weights of BettaFish",
    value=ENGAGEMENT,
    fold=lambda rows, _: sum(row.engagement for row in rows),
    least=LEAST,
)
