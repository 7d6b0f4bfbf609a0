"""One message through one channel, with a bounded number of attempts. The caller keeps the ledger."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from msgspec import structs

from streams.notify.base import Channel, Message, Receipt


class Patience(NamedTuple):
    """How long to go on trying.

    Attributes:
        attempts: at most so many.
        first: seconds before the second attempt; each further wait is twice as long.
        longest: seconds; who asks for a longer wait is not waited for.
    """

    attempts: int = 3
    first: float = 1.0
    longest: float = 15.0


class Delivery(NamedTuple):
    """What came of it.

    Attributes:
        receipt: of the last attempt; `unknown` if an earlier one may have been delivered and none surely was.
        attempts: the receipts of all attempts.
    """

    receipt: Receipt
    attempts: tuple[Receipt, ...]


async def deliver(
    channel: Channel,
    message: Message,
    patience: Patience = Patience(),  # noqa: B008 - immutable
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Delivery:
    """Deliver the message, trying again where that can help.

    After an attempt that may have been delivered the next one carries the mark `repeated`: a message twice is
    better than none. A rate limit ends it at once: the channel is to be silent, and the next one of the chain
    can take the message.

    Args:
        channel: where to.
        message: what.
        patience: how long to try.
        sleep: for tests.
    """
    receipts: list[Receipt] = []
    pause = patience.first
    while True:
        receipt = await channel.send(message)
        receipts.append(receipt)
        if receipt.outcome in ("sent", "refused") or receipt.limited or len(receipts) >= patience.attempts:
            break
        if receipt.outcome == "unknown":
            message = structs.replace(message, repeated=True)
        wait = max(pause, receipt.retry_after or 0.0)
        if wait > patience.longest:
            break
        await sleep(wait)
        pause *= 2
    doubtful = [one for one in receipts if one.outcome == "unknown"]
    final = receipts[-1]
    if final.outcome != "sent" and doubtful:
        final = structs.replace(final, outcome="unknown")
    return Delivery(final, tuple(receipts))
