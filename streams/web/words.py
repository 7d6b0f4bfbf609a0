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
WAYS = {
    "cli": ("命令行", "command line"),
    "page": ("页面", "page"),
    "api": ("接口", "API"),
    "link": ("消息里的链接", "link in a message"),
    "file": ("规则文件", "rule file"),
}
LEVELS = {
    "red": ("红色", "red"),
    "orange": ("橙色", "orange"),
    "yellow": ("黄色", "yellow"),
    "blue": ("蓝色", "blue"),
}
GRADES = {
    "red": ("特别重大", "critical"),
    "orange": ("重大", "major"),
    "yellow": ("较大", "minor"),
    "blue": ("一般", "notice"),
}
STANDINGS = {
    "open": ("未解除", "open"),
    "firing": ("未认领", "unclaimed"),
    "acknowledged": ("已认领", "claimed"),
    "pending": ("观察中", "pending"),
    "silenced": ("静默", "silenced"),
    "resolved": ("已解除", "resolved"),
    "active": ("生效中", "in force"),
    "ended": ("已结束", "over"),
}
PROGRESS = {
    "found": ("发现", "found"),
    "listening": ("聆听", "listening"),
    "interacting": ("互动", "interacting"),
    "resolved": ("化解", "resolved"),
    "closed": ("结案", "closed"),
    "reopened": ("重开", "reopened"),
}
KINDS = {
    "post": ("逐帖", "single posts"),
    "window": ("窗口", "window"),
    "spike": ("突增", "spike"),
    "cascade": ("传播", "cascade"),
    "absence": ("数据中断", "no data"),
    "silent": ("品牌沉默", "brand silent"),
}
EVENTS = {
    "opened": ("建立", "opened"),
    "pending": ("开始观察", "pending"),
    "fired": ("触发", "fired"),
    "raised": ("升为更高级别", "raised"),
    "grown": ("增长", "grew"),
    "repeated": ("再次提醒", "reminded"),
    "escalated": ("升级通知", "escalated"),
    "acknowledged": ("认领", "claimed"),
    "unacknowledged": ("取消认领", "claim taken back"),
    "lapsed": ("认领失效", "claim lapsed"),
    "assigned": ("指派", "assigned"),
    "noted": ("备注", "noted"),
    "silenced": ("静默", "silenced"),
    "unsilenced": ("静默结束", "silence over"),
    "summed": ("积压后汇总通知", "summed up after a backlog"),
    "expired": ("静默到期", "silence ran out"),
    "inhibited": ("被更严重的告警盖过", "hidden by a worse alert"),
    "uninhibited": ("不再被盖过", "no longer hidden"),
    "resolved": ("解除", "resolved"),
    "reopened": ("再次触发", "came back"),
    "false_alarm": ("标为误报", "marked as a false alarm"),
    "handed": ("交给通知渠道", "handed to a channel"),
    "stored": ("只存不发", "stored, not sent"),
    "rejected": ("没有接受", "refused"),
    "ended": ("结束", "ended"),
    "listened": ("开始聆听", "listening"),
    "interacted": ("回应", "answered"),
    "listening": ("开始聆听", "listening"),
    "interacting": ("回应", "answered"),
    "closed": ("结案", "closed"),
    "breached": ("超时", "overdue"),
    "case": ("开处置单", "case opened"),
    "case_opened": ("开处置单", "case opened"),
}
DELIVERIES = {
    "claimed": ("正在发", "being sent"),
    "sent": ("已送达", "delivered"),
    "refused": ("被拒", "refused"),
    "failed": ("未送达", "not delivered"),
    "unknown": ("不知是否送达", "unknown whether delivered"),
    "merged": ("并入另一条", "merged into another"),
}
REASONS = {
    "firing": ("触发", "fired"),
    "repeat": ("再次提醒", "reminder"),
    "escalated": ("升级", "escalated"),
    "acknowledged": ("认领", "claimed"),
    "resolved": ("解除", "resolved"),
    "breached": ("处置超时", "case overdue"),
}

ALL = {
    "sentiment": SENTIMENTS,
    "stage": STAGES,
    "intent": INTENTS,
    "variant": VARIANTS,
    "via": WAYS,
    "level": LEVELS,
    "grade": GRADES,
    "standing": STANDINGS,
    "progress": PROGRESS,
    "kind": KINDS,
    "event": EVENTS,
    "delivery": DELIVERIES,
    "reason": REASONS,
}


def word(kind: str, code: str, lang: str) -> str:
    """The word for a code in this language; an unknown code stands for itself."""
    return ALL[kind].get(code, (code, code))[lang == "en"]
