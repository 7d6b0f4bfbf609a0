"""What the codes in the store are called where a person reads them: Chinese and English."""

SENTIMENTS = {"pos": ("正面", "positive"), "neu": ("中性", "neutral"), "neg": ("负面", "negative")}
STAGES = {
    "notice": ("关注", "notice"),
    "search": ("搜索", "search"),
    "review": ("评测", "review"),
    "buy": ("购买", "buy"),
    "use": ("使用", "use"),
    "share": ("分享", "share"),
    "scold": ("开骂", "scold"),
}
INTENTS = {
    "question": ("提问", "question"),
    "complaint": ("投诉", "complaint"),
    "purchase": ("想购买", "purchase"),
}
VARIANTS = {
    "inserted": ("夹符号", "symbols inserted"),
    "repeated": ("叠字", "repeated"),
    "homophone": ("谐音", "homophone"),
    "pinyin": ("拼音", "pinyin"),
    "split": ("拆字", "split"),
    "abbreviation": ("缩写", "abbreviation"),
}
WAYS = {"cli": ("命令行", "command line"), "page": ("页面", "page"), "api": ("接口", "API")}

ALL = {"sentiment": SENTIMENTS, "stage": STAGES, "intent": INTENTS, "variant": VARIANTS, "via": WAYS}


def word(kind: str, code: str, lang: str) -> str:
    """The word for a code in this language; an unknown code stands for itself."""
    return ALL[kind].get(code, (code, code))[lang == "en"]
