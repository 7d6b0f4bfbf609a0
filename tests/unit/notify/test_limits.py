import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.notify.base import Mention, Receipt
from streams.notify.limits import BURST, Gate, Parcel, choose, merge
from tests.messages import numbered

LIMITED = Receipt(outcome="later", answer="", limited=True, retry_after=600.0)


def test_what_there_is_room_for_goes_at_once_and_the_rest_as_one() -> None:
    gate, sent = Gate(tokens=BURST), []
    for number in range(41):
        gate = gate.offer([numbered(number)], 0.0)
        gate, parcel = gate.take(0.0)
        sent.append(parcel)
    assert [parcel.keys for parcel in sent if parcel] == [(f"k{number}",) for number in range(BURST)]
    assert gate.ready_at(0.0) == 4.0
    assert gate.take(3.9)[1] is None
    gate, parcel = gate.take(4.0)
    assert parcel
    assert len(parcel.keys) == 37
    assert len(parcel.message.others) == 36
    assert gate.waiting == ()
    assert gate.ready_at(4.0) is None


def test_a_merge_shows_the_worst_and_the_newest_of_each_alert() -> None:
    waiting = [
        numbered(1, severity="blue"),
        numbered(2, severity="red", mentions=(Mention(name="张三"),)),
        numbered(1, key="k1b", severity="yellow", title="更新"),
        numbered(3, severity="orange", others=(numbered(9).brief, numbered(2).brief), repeated=True),
    ]
    parcel = merge(waiting)
    assert parcel.keys == ("k1", "k2", "k1b", "k3")
    assert parcel.message.alert_id == "a2"
    assert [brief.title for brief in parcel.message.others] == ["事件 3", "事件 9", "更新"]
    assert parcel.message.mentions == (Mention(name="张三"),)
    assert parcel.message.repeated


def test_the_key_of_a_merge_follows_from_what_it_stands_for() -> None:
    one, two, three = numbered(1), numbered(2), numbered(3)
    assert merge([one, two]).message.key == merge([two, one]).message.key
    assert len({merge([one, two]).message.key, merge([one, three]).message.key, one.key}) == 3


def test_news_of_one_alert_alone_is_that_alert() -> None:
    over = numbered(1, key="k1b", state="resolved")
    assert merge([numbered(1), over]) == Parcel(over, (numbered(1), over))


def test_a_new_gate_has_room_for_one() -> None:
    gate, parcel = Gate().offer([numbered(1)], 1e6).take(1e6)
    assert parcel
    assert gate.offer([numbered(2)], 1e6).ready_at(1e6) == 1e6 + 4


def test_the_same_key_waits_once() -> None:
    gate = Gate(tokens=0).offer([numbered(1)], 0.0).offer([numbered(1)], 0.0)
    assert len(gate.waiting) == 1


def test_without_a_limit_nothing_is_merged() -> None:
    gate = Gate(per_minute=0)
    for number in range(50):
        gate = gate.offer([numbered(number)], 0.0)
    sent = []
    while gate.waiting:
        assert gate.ready_at(0.0) == 0.0
        gate, parcel = gate.take(0.0)
        sent.append(parcel)
    assert [parcel.keys for parcel in sent if parcel] == [(f"k{number}",) for number in range(50)]


def test_after_a_rate_limit_the_channel_is_silent_and_the_next_one_speaks() -> None:
    gate = Gate().offer([numbered(1)], 100.0).answered(LIMITED, 100.0)
    assert gate.take(699.0)[1] is None
    assert gate.ready_at(100.0) == 700.0
    gates = {"ding": gate, "wecom": Gate()}
    assert choose(("ding", "wecom"), gates, 100.0) == "wecom"
    assert choose(("ding", "wecom"), gates, 700.0) == "ding"
    silent = {**gates, "wecom": Gate().answered(LIMITED, 50.0)}
    assert choose(("ding", "wecom"), silent, 100.0) == "wecom"
    emptied, left = gate.emptied()
    assert left == (numbered(1),)
    assert emptied.waiting == ()
    assert gate.take(700.0)[1] == Parcel(numbered(1), (numbered(1),))


def test_another_answer_silences_nothing() -> None:
    assert not Gate().answered(Receipt(outcome="later", answer="", retry_after=9.0), 0.0).silent(1.0)
    assert Gate().answered(Receipt(outcome="later", answer="", limited=True), 0.0).silent(59.0)


def test_a_chain_needs_a_channel() -> None:
    with pytest.raises(ValueError, match="one at least"):
        choose((), {}, 0.0)


@given(st.lists(st.floats(0, 5), min_size=1, max_size=120))
def test_no_minute_holds_20_and_every_message_goes_once(gaps: list[float]) -> None:
    gate, now, sent, offered = Gate(tokens=BURST), 0.0, [], set()
    for number, gap in enumerate(gaps):
        now += gap
        gate = gate.offer([numbered(number)], now)
        offered.add(f"k{number}")
        gate, parcel = gate.take(now)
        sent += [(now, parcel)] if parcel else []
    while (ready := gate.ready_at(now)) is not None:
        now = ready + 1e-6
        gate, parcel = gate.take(now)
        assert parcel
        sent.append((now, parcel))
    times = [at for at, _ in sent]
    assert all(sum(at <= other < at + 60 for other in times) <= 19 for at in times)
    keys = [key for _, parcel in sent for key in parcel.keys]
    assert sorted(keys) == sorted(offered)
