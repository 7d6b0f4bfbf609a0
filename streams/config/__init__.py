"""Settings: one small class a room; flags > environment `KOUBEI_*` > koubei.toml > defaults.

An environment variable is KOUBEI_<ROOM>__<FIELD>, for instance KOUBEI_STORE__URL. Every field says what
it means; `docs/configuration.md` is generated from these descriptions.
"""

from streams.config.alerts import (
    AlertSettings,
    CaseSettings,
    LevelSettings,
    OverrideSettings,
    PersonSettings,
    RotaSettings,
    RouteSettings,
    TeamSettings,
)
from streams.config.channels import (
    CHANNEL_KINDS,
    AnyChannel,
    AppriseSettings,
    ChannelName,
    ChannelSettings,
    DingTalkSettings,
    FeishuSettings,
    HttpChannelSettings,
    RobotSettings,
    WebhookSettings,
    WeComSettings,
)
from streams.config.page import reference
from streams.config.references import chain
from streams.config.rooms import (
    CONFIG_FILE,
    EdgeSettings,
    EmbeddedSettings,
    KafkaSettings,
    Room,
    StoreSettings,
    TextSettings,
    WebSettings,
    WorkerSettings,
)
from streams.config.settings import Settings, load
from streams.config.shipped import shipped

__all__ = [
    "CHANNEL_KINDS",
    "CONFIG_FILE",
    "AlertSettings",
    "AnyChannel",
    "AppriseSettings",
    "CaseSettings",
    "ChannelName",
    "ChannelSettings",
    "DingTalkSettings",
    "EdgeSettings",
    "EmbeddedSettings",
    "FeishuSettings",
    "HttpChannelSettings",
    "KafkaSettings",
    "LevelSettings",
    "OverrideSettings",
    "PersonSettings",
    "RobotSettings",
    "Room",
    "RotaSettings",
    "RouteSettings",
    "Settings",
    "StoreSettings",
    "TeamSettings",
    "TextSettings",
    "WeComSettings",
    "WebSettings",
    "WebhookSettings",
    "WorkerSettings",
    "chain",
    "load",
    "reference",
    "shipped",
]
