from typing import Any, ClassVar

from pydantic import SecretStr

from streams.notify.base import Channel, Config, Message, Receipt
from streams.notify.delivery import Patience, deliver
from tests.messages import ALERT

SENT = Receipt(outcome="sent", answer="ok")
LATER = Receipt(outcome="later", answer="busy")
UNKNOWN = Receipt(outcome="unknown", answer="silence")
REFUSED = Receipt(outcome="refused", answer="no")


class Scripted:
    """A channel that answers what it is told."""

    kind: ClassVar[str] = "scripted"

    def __init__(self, *answers: Receipt) -> None:
        self.config = Config(url=SecretStr("x"))
        self.answers = list(answers)
        self.got: list[Message] = []

    async def send(self, message: Message) -> Receipt:
        self.got.append(message)
        return self.answers.pop(0)


async def run(*answers: Receipt) -> tuple[Any, Scripted, list[float]]:
    channel, slept = Scripted(*answers), []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    as_channel: Channel = channel
    return await deliver(as_channel, ALERT, Patience(), sleep=sleep), channel, slept


async def test_one_attempt_is_enough() -> None:
    found, channel, slept = await run(SENT)
    assert found.receipt == SENT
    assert (channel.got, slept) == ([ALERT], [])


async def test_what_was_not_delivered_is_tried_again_with_growing_waits() -> None:
    found, channel, slept = await run(LATER, LATER, SENT)
    assert found.receipt == SENT
    assert slept == [1.0, 2.0]
    assert not any(message.repeated for message in channel.got)
    assert [one.outcome for one in found.attempts] == ["later", "later", "sent"]


async def test_attempts_have_an_end() -> None:
    found, channel, _ = await run(LATER, LATER, LATER, SENT)
    assert found.receipt == LATER
    assert len(channel.got) == 3


async def test_a_refusal_is_final() -> None:
    found, channel, _ = await run(REFUSED, SENT)
    assert (found.receipt, len(channel.got)) == (REFUSED, 1)


async def test_after_silence_the_next_attempt_is_marked() -> None:
    found, channel, _ = await run(UNKNOWN, SENT)
    assert found.receipt == SENT
    assert [message.repeated for message in channel.got] == [False, True]
    assert channel.got[0].key == channel.got[1].key


async def test_one_silent_attempt_leaves_the_outcome_unknown() -> None:
    found, _, _ = await run(UNKNOWN, LATER, LATER)
    assert (found.receipt.outcome, found.receipt.answer) == ("unknown", "busy")
    found, _, _ = await run(UNKNOWN, REFUSED)
    assert found.receipt.outcome == "unknown"


async def test_a_rate_limit_or_a_long_wait_is_left_to_the_caller() -> None:
    limited = Receipt(outcome="later", answer="fast", limited=True, retry_after=1.0)
    found, channel, slept = await run(limited, SENT)
    assert (found.receipt, len(channel.got), slept) == (limited, 1, [])
    patient = Receipt(outcome="later", answer="busy", retry_after=3.0)
    assert (await run(patient, SENT))[2] == [3.0]
    far = Receipt(outcome="later", answer="busy", retry_after=120.0)
    assert (await run(far, SENT))[0].receipt == far
