"""The channels that the settings name, ready to send."""

from typing import ClassVar

from pydantic import SecretStr

from streams import notify
from streams.clock import Clock
from streams.config import Settings
from streams.errors import BadConfig
from streams.notify.base import Channel, Config, Message, Receipt
from streams.telemetry.notifier import NotifierEvents


class Unusable:
    """A channel whose settings do not do: it refuses everything, so that the next of its chain takes over.

    Args:
        why: what is wrong with them.
    """

    kind: ClassVar[str] = "unusable"
    config = Config(url=SecretStr(""), per_minute=0)

    def __init__(self, why: str) -> None:
        self._why = why

    async def send(self, message: Message) -> Receipt:
        """Refuse."""
        return Receipt(outcome="refused", answer=self._why)


def made(settings: Settings, clock: Clock, events: NotifierEvents) -> dict[str, Channel]:
    """Name → channel. One that cannot be made must not keep the others from speaking."""
    found: dict[str, Channel] = {}
    for name, told in settings.channels.items():
        try:
            found[name] = notify.channel(told.kind, told.told(name), clock)
        except BadConfig as error:
            events.channel_unusable(name, str(error))
            found[name] = Unusable(str(error))
    return found
