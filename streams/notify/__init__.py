"""An alert → people and programs. `ALL` names every kind of channel; `delivery` tries, `limits` keeps the pace."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from streams.clock import SYSTEM, Clock
from streams.notify.base import Channel

ALL: tuple[tuple[str, str], ...] = (
    ("dingtalk", "streams.notify.dingtalk:DingTalk"),
    ("wecom", "streams.notify.wecom:WeCom"),
    ("feishu", "streams.notify.feishu:Feishu"),
    ("webhook", "streams.notify.webhook:Webhook"),
    ("apprise", "streams.notify.apprise:Apprise"),
)
"""Kind and `module:class` of each channel, imported only when it is used. The module's `Config` is what it is told."""


def channel(kind: str, told: Mapping[str, Any], clock: Clock = SYSTEM) -> Channel:
    """A channel of that kind.

    Args:
        kind: one of `ALL`.
        told: the fields of its Config.
        clock: for signatures.

    Raises:
        KeyError: there is no such kind.
    """
    module_name, _, attribute = dict(ALL)[kind].partition(":")
    module = import_module(module_name)
    made: Channel = getattr(module, attribute)(module.Config(**told), clock=clock)
    return made
