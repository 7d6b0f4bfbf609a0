"""A notice on its way to one addressee, and whether the ledger says that it has arrived."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from streams.notify.base import Message


class Dispatch(NamedTuple):
    """One notice on its way to one addressee.

    Attributes:
        message: what is said.
        reason: why, for the ledger.
        chain: the channel it is for and those that take over, in this order.
        stands_for: messages that it sums up, itself among them; empty when it stands for itself alone.
        tried: channels of the chain that did not deliver it.
        claimed: channel for which a claim was written ahead, and when that is confirmed; None for none.
    """

    message: Message
    reason: str
    chain: tuple[str, ...]
    stands_for: tuple["Dispatch", ...] = ()
    tried: tuple[str, ...] = ()
    claimed: tuple[str, "asyncio.Future[None]"] | None = None


def pending(states: dict[str, str], chain: Sequence[str]) -> tuple[bool, bool]:
    """Whether a notice is still to be sent to an addressee, and whether it may have been delivered.

    Args:
        states: channel → state of the notice in the ledger.
        chain: the channel it is for and those that take over.
    """
    found = [states.get(channel, "") for channel in chain]
    if any(state in ("sent", "merged") for state in found) or all(state == "refused" for state in found):
        return False, False
    return True, any(state in ("claimed", "unknown") for state in found)
