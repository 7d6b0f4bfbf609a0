"""The life of an alert: what verdicts and time make of it, and what is said."""

import pytest

from streams.alerts.model import Policy
from streams.alerts.seen import KEPT
from streams.alerts.timers import Timers
from streams.topics.alert import record_key
from tests.unit.alerts.desk import START, Desk, kinds

MINUTE = 60.0
HOUR = 3600.0


@pytest.fixture
def desk() -> Desk:
    return Desk()


# Counting and saying


def test_the_first_firing_is_told_at_once(desk: Desk) -> None:
    step = desk.posts(severity="yellow")
    alert = desk.alert()
    assert kinds(step) == ["fired"]
    assert (alert.state, alert.severity, alert.count, alert.seq) == ("firing", "yellow", 1, 1)
    assert [notice.key for notice in desk.notices] == [f"{alert.alert_id}:1:firing"]
    assert desk.notices[0].at == desk.now


def test_the_same_event_fifty_times_is_one_card_with_a_counter(desk: Desk) -> None:
    for _ in range(50):
        desk.posts()
        desk.later(20)
    assert desk.said() == [
        "firing",
        "escalated",
    ]  # the second one because nobody has claimed it for 15 minutes
    assert desk.alert().count == 50
    assert len(desk.log) == 4  # fired, counted, escalated, counted


def test_a_tenfold_growth_speaks_again_but_not_within_the_group_interval(desk: Desk) -> None:
    desk.posts()
    desk.act("acknowledge", desk.alert())
    desk.said()
    for _ in range(250):
        desk.posts()
        desk.later(1)
    assert desk.said() == []
    desk.later(5 * MINUTE)
    assert [(notice.reason, notice.note) for notice in desk.notices] == [
        ("repeat", "已增至 251 条（上次通知时 1 条）")
    ]
    desk.said()
    desk.posts(2259 - 2)
    desk.later(HOUR / 4)
    assert desk.said() == []
    desk.posts(2)
    assert desk.said() == ["repeat"]


def test_replayed_records_are_not_counted_however_they_are_cut(desk: Desk) -> None:
    desk.say(offsets=(1, 4, 7))
    desk.say(offsets=(2, 9), partition=1)
    assert desk.say(offsets=(1,)) == []
    assert desk.say(offsets=(4, 7)) == []
    desk.restart()
    assert desk.say(offsets=(1, 4)) == []
    desk.say(offsets=(4, 7, 8))
    desk.say(offsets=(8, 20), partition=0, epoch=2)
    assert desk.alert().count == 3 + 2 + 1 + 2


def keys(*posts: str) -> bytes:
    return b"".join(record_key("post", "微博", one) for one in posts)


def test_a_post_that_is_collected_again_is_neither_counted_nor_told_again(desk: Desk) -> None:
    levels = {"levels": {"red": 4}}
    desk.say(offsets=(1, 2, 3), keys=keys("a", "b", "a"), **levels)
    assert desk.alert().count == 2
    assert desk.say(offsets=(4, 5), keys=keys("b", "a"), **levels) == []
    desk.say(offsets=(2,), keys=keys("c"), partition=1, **levels)
    assert (desk.alert().count, desk.alert().severity) == (3, "blue")
    desk.act("resolve", desk.alert())
    desk.restart()
    desk.later(HOUR)
    desk.said()
    assert desk.say(offsets=(6, 7), keys=keys("a", "c"), **levels) == []
    assert (desk.alert().state, desk.said()) == ("resolved", [])
    desk.say(offsets=(8, 9), keys=keys("a", "d"), **levels)
    assert (desk.alert().state, desk.alert().count, desk.said()) == ("firing", 1, ["firing"])


def test_of_a_busy_rule_the_newest_posts_are_known_again(desk: Desk) -> None:
    names = [f"p{number}" for number in range(KEPT + 10)]
    desk.say(offsets=tuple(range(len(names))), keys=keys(*names))
    desk.restart()
    assert desk.say(offsets=(len(names),), keys=keys(names[10])) == []
    desk.say(offsets=(len(names) + 1,), keys=keys(names[9]))
    assert desk.alert().count == len(names) + 1


def test_of_a_topic_that_is_made_anew_again_and_again_little_is_kept(desk: Desk) -> None:
    for epoch in range(1, 10):
        for partition in range(3):
            desk.say(offsets=(1, 2), epoch=epoch, partition=partition)
    desk.say(topic="shares", epoch=1)
    desk.restart()
    assert desk.say(offsets=(2,), epoch=8) == []
    assert desk.alert().count == 9 * 3 * 2 + 1
    assert len(desk.alert().seen) == 2 * 3 + 1


def test_a_replay_after_the_end_opens_nothing(desk: Desk) -> None:
    desk.say(offsets=(1, 2, 3))
    desk.act("resolve", desk.alert())
    desk.restart()
    assert desk.say(offsets=(2, 3)) == []
    assert kinds(desk.say(offsets=(3, 5))) == ["fired"]
    assert (desk.alert().count, desk.alert().incarnation) == (1, 1)
    desk.act("resolve", desk.alert())
    assert desk.say(offsets=(1, 2, 3, 5)) == []


def test_an_event_is_never_overwritten_only_the_counter_behind_it(desk: Desk) -> None:
    desk.posts()
    for _ in range(5):
        desk.posts()
    assert [(seq, entry.snapshot.last.kind) for (_, _, seq), entry in desk.log.items()] == [
        (1, "fired"),
        (2, "counted"),
    ]
    fired = desk.log["alert", desk.alert().alert_id, 1]
    assert (fired.snapshot.count, len(fired.notices)) == (1, 1)


# Severity


def test_a_rise_in_severity_is_told_at_once_and_severity_never_falls(desk: Desk) -> None:
    desk.posts(severity="yellow")
    desk.posts(severity="red")
    assert (desk.said(), desk.alert().severity) == (["firing", "escalated"], "red")
    desk.posts(severity="blue")
    assert (desk.said(), desk.alert().severity) == ([], "red")


def test_so_many_matches_in_ten_minutes_bring_a_level(desk: Desk) -> None:
    levels = {"orange": 10, "red": 100}
    desk.posts(6, levels=levels)
    desk.later(11 * MINUTE)
    desk.posts(6, levels=levels)
    assert desk.alert().severity == "blue"
    desk.posts(4, levels=levels)
    assert desk.alert().severity == "orange"
    assert desk.notices[-1].note == "由蓝色（一般）升为橙色（重大）"


def test_enough_matches_at_once_open_it_at_their_level(desk: Desk) -> None:
    desk.posts(120, levels={"orange": 10, "red": 100})
    assert desk.alert().severity == "red"
    assert desk.said() == ["firing"]


# Waiting for somebody


def test_unclaimed_it_is_escalated_to_the_last_level_and_then_repeated(desk: Desk) -> None:
    desk.window()
    desk.later(5 * HOUR)
    assert [(notice.reason, notice.level) for notice in desk.notices] == [
        ("firing", 0),
        ("escalated", 1),
        ("escalated", 2),
        ("escalated", 3),
        ("repeat", 3),
    ]
    assert [round(notice.at - START) for notice in desk.notices] == [0, 900, 1800, 2700, 2700 + 4 * 3600]


def test_getting_worse_gives_nobody_more_time(desk: Desk) -> None:
    desk.window()
    desk.later(10 * MINUTE)
    desk.window(severity="orange")
    desk.later(5 * MINUTE)
    assert [(notice.reason, notice.level) for notice in desk.notices] == [
        ("firing", 0),
        ("escalated", 0),
        ("escalated", 1),
    ]


def test_patience_may_differ_by_level() -> None:
    waits = [60.0, 120.0, None]
    desk = Desk(Policy(patience=lambda alert: waits[alert.level]))
    desk.window()
    desk.later(HOUR)
    assert [round(notice.at - START) for notice in desk.notices] == [0, 60, 180]


def test_a_claim_lapses_without_a_case(desk: Desk) -> None:
    desk.window()
    desk.act("acknowledge", desk.alert())
    desk.said()
    desk.later(HOUR - 1)
    assert desk.said() == []
    desk.later(1)
    assert desk.notices[0].note == "张三 认领 60 分钟后仍未建立处置单"
    assert (desk.alert().state, desk.alert().owner) == ("firing", "")
    desk.later(15 * MINUTE)
    assert desk.said() == ["repeat", "escalated"]


def test_a_case_keeps_the_claim(desk: Desk) -> None:
    desk.window()
    desk.act("acknowledge", desk.alert())
    assert kinds(desk.keep(desk.book.case_opened(desk.alert().alert_id, "k1", desk.now))) == ["case_opened"]
    assert desk.book.case_opened(desk.alert().alert_id, "k1", desk.now) == []
    assert desk.book.case_opened("nothing", "k1", desk.now) == []
    desk.restart()
    desk.said()
    desk.later(24 * HOUR)
    assert (desk.said(), desk.alert().case_id) == ([], "k1")


# The end


def test_posts_end_an_hour_after_the_last_match(desk: Desk) -> None:
    desk.posts()
    desk.act("acknowledge", desk.alert())
    desk.later(50 * MINUTE)
    desk.posts()
    desk.keep(desk.book.case_opened(desk.alert().alert_id, "k1", desk.now))
    desk.later(HOUR - 1)
    assert desk.alert().state == "acknowledged"
    desk.later(1)
    assert (desk.alert().state, desk.alert().resolved_by) == ("resolved", "koubei")
    assert desk.said() == ["firing", "acknowledged", "resolved"]


def test_a_window_ends_when_it_no_longer_holds(desk: Desk) -> None:
    desk.window()
    desk.later(5)
    assert kinds(desk.window(holds=False)) == ["resolved"]
    assert desk.said() == ["firing", "resolved"]
    assert desk.window(holds=False) == []


def test_what_must_hold_is_pending_first(desk: Desk) -> None:
    assert kinds(desk.window(hold=120.0)) == ["pending"]
    desk.later(60)
    desk.window(hold=120.0)
    assert (desk.alert().state, desk.said()) == ("pending", [])
    desk.later(60)
    assert (desk.alert().state, desk.said()) == ("firing", ["firing"])


def test_what_stops_before_it_has_held_was_nothing(desk: Desk) -> None:
    desk.window(hold=120.0)
    desk.later(60)
    desk.window(holds=False, hold=120.0)
    desk.later(60)
    first = desk.alert().alert_id
    desk.window(hold=120.0)
    desk.later(119)
    assert (desk.alert().state, desk.alert().alert_id, desk.said()) == ("pending", first, [])
    desk.later(1)
    assert (desk.alert().state, desk.alert().flaps, desk.said()) == ("firing", (), ["firing"])


def test_the_same_window_again_is_one_verdict(desk: Desk) -> None:
    at = desk.now
    desk.window()
    desk.later(1)
    assert desk.window(at=at, window_end=at) == []
    desk.window(window_end=at)
    assert desk.alert().count == 1
    desk.window()
    assert desk.alert().count == 2
    desk.later(1)
    desk.window(holds=False)
    assert desk.window(at=at, window_end=at) == []


def test_what_a_person_resolved_stays_resolved_while_it_only_goes_on(desk: Desk) -> None:
    desk.window(severity="yellow")
    desk.act("resolve", desk.alert())
    first = desk.alert().alert_id
    desk.said()
    for _ in range(10):
        desk.later(5)
        desk.window(severity="yellow")
    assert (desk.alert().state, desk.alert().count, desk.said()) == ("resolved", 11, [])
    desk.later(5)
    desk.window(severity="orange")
    assert desk.said() == ["firing"]
    assert desk.alert().alert_id != first


@pytest.mark.parametrize("stops", [True, False])
def test_and_fires_again_once_it_has_stopped_or_after_the_repeat_time(desk: Desk, stops: bool) -> None:
    desk.window()
    desk.act("resolve", desk.alert())
    desk.said()
    if stops:
        desk.later(5)
        desk.window(holds=False)
        desk.later(5)
    else:
        desk.later(4 * HOUR)
    desk.window()
    assert desk.said() == ["firing"]


def test_a_window_that_comes_twice_opens_two_alerts_with_ids_of_their_own(desk: Desk) -> None:
    desk.window(id="w1")
    desk.act("resolve", desk.alert())
    desk.later(1)
    desk.window(holds=False, id="w1")
    desk.later(1)
    desk.window(id="w1")
    alert = desk.alert()
    assert alert.alert_id != "w1"
    assert desk.book.by_id("w1") is not None
    assert (alert.incarnation, alert.seq) == (1, 1)
    desk.act("resolve", alert)
    desk.later(1)
    desk.window(holds=False, id="w1")
    desk.later(1)
    desk.window(id="w1")
    assert desk.alert().alert_id not in ("w1", alert.alert_id)


# Flapping


def test_what_comes_back_soon_is_the_same_alert_and_pages_nobody(desk: Desk) -> None:
    desk.window()
    desk.later(60)
    desk.window(holds=False)
    desk.later(60)
    first = desk.alert().alert_id
    desk.said()
    assert kinds(desk.window()) == ["reopened"]
    assert (desk.alert().alert_id, desk.alert().state, desk.said()) == (first, "firing", [])
    desk.later(15 * MINUTE)
    assert desk.said() == ["escalated"]


def test_what_comes_back_worse_pages(desk: Desk) -> None:
    desk.window()
    desk.later(60)
    desk.window(holds=False)
    desk.later(60)
    desk.said()
    desk.window(severity="red")
    assert desk.said() == ["escalated"]


def test_what_comes_back_late_is_a_new_alert(desk: Desk) -> None:
    desk.window()
    desk.later(60)
    desk.window(holds=False)
    desk.later(11 * MINUTE)
    desk.window()
    assert desk.alert().incarnation == 1
    assert desk.said() == ["firing", "resolved", "firing"]


def test_who_claimed_it_has_it_again(desk: Desk) -> None:
    desk.window()
    desk.act("acknowledge", desk.alert())
    desk.later(60)
    desk.window(holds=False)
    desk.later(60)
    desk.window()
    assert (desk.alert().state, desk.alert().owner) == ("acknowledged", "张三")


def test_flapping_is_held_open_and_says_so(desk: Desk) -> None:
    desk.window()
    for _ in range(3):
        desk.later(60)
        desk.window(holds=False)
        desk.later(60)
        desk.window()
    assert desk.alert().last.detail == "抖动：一小时内第 3 次反复"
    desk.said()
    for _ in range(20):
        desk.later(30)
        desk.window(holds=False)
        desk.later(30)
        desk.window()
    assert desk.said() == ["escalated"]
    desk.window(holds=False)
    desk.later(30 * MINUTE - 1)
    assert desk.alert().state == "firing"
    desk.later(1)
    assert desk.alert().state == "resolved"


# What is old


def test_history_is_stored_by_the_day_and_never_told(desk: Desk) -> None:
    may = 1_367_337_600.0  # 2013-05-01 00:00 in Shanghai
    desk.say(offsets=(1, 2), window_end=may + 60, severity="red")
    desk.say(offsets=(3,), window_end=may - 60)
    desk.restart()
    desk.say(offsets=(3, 4, 5), window_end=may + 80)
    desk.later(48 * HOUR)
    assert desk.said() == []
    one, other = desk.alert("起火|星曜||2013-05-01"), desk.alert("起火|星曜||2013-04-30")
    assert (one.count, other.count) == (4, 1)
    assert (one.state, one.stored, one.severity) == ("resolved", True, "red")


def test_history_and_the_present_count_a_record_once(desk: Desk) -> None:
    old = desk.now - 3 * 24 * HOUR
    desk.say(offsets=(1, 2), window_end=old)
    desk.say(offsets=(1, 2, 3))
    assert desk.alert().count == 1
    desk.restart()
    assert desk.say(offsets=(1, 2, 3), window_end=old) == []


def test_an_outage_is_summed_up_in_one_notice_of_the_worst(desk: Desk) -> None:
    before = desk.now - 2 * HOUR
    for n in range(40):
        severity = "orange" if n == 7 else "blue"
        desk.say(
            offsets=(n,), entity=f"e{n}", at=before, appended=before, window_end=before, severity=severity
        )
        desk.later(1)
    assert desk.said() == []
    assert {alert.state for alert in desk.book.alerts.values()} == {"firing"}
    desk.restart()
    desk.later(31)
    (notice,) = desk.notices
    assert notice.alert_id == desk.alert("起火|星曜|e7").alert_id
    assert (notice.reason, notice.note) == ("firing", "恢复：积压期间另有 39 条告警未逐条发送")
    desk.later(14 * MINUTE)
    assert len(desk.notices) == 1


def test_what_got_worse_in_a_backlog_is_summed_up_too(desk: Desk) -> None:
    desk.posts()
    desk.act("acknowledge", desk.alert())
    desk.said()
    desk.posts(appended=desk.now - HOUR, severity="orange")
    assert desk.said() == []
    desk.later(30)
    assert [notice.note for notice in desk.notices] == ["恢复：积压期间触发，未及时发送"]
    assert desk.alert().state == "acknowledged"


def test_an_endless_backlog_is_summed_up_every_group_interval(desk: Desk) -> None:
    for n in range(60):
        desk.posts(entity=f"e{n}", appended=desk.now - HOUR)
        desk.later(10)
    assert desk.said() == ["firing", "firing"]


def test_a_late_alert_that_goes_on_is_told_itself(desk: Desk) -> None:
    desk.posts(appended=desk.now - HOUR)
    assert desk.said() == []
    desk.posts()
    assert desk.said() == ["firing"]
    desk.later(60)
    assert desk.said() == []


def test_resolved_alerts_are_forgotten_after_the_time_that_kafka_remembers(desk: Desk) -> None:
    desk.say(offsets=(5,))
    desk.act("resolve", desk.alert())
    desk.later(7.9 * 24 * HOUR)
    assert desk.say(offsets=(5,)) == []
    desk.later(0.2 * 24 * HOUR)
    assert desk.book.alerts == {}
    assert desk.book.due() is None
    assert kinds(desk.say(offsets=(6,))) == ["fired"]


def test_only_the_first_hand_over_gives_the_latency(desk: Desk) -> None:
    desk.posts()
    one = desk.alert().alert_id
    assert kinds(desk.keep(desk.book.handed(one, 312, desk.now))) == ["handed"]
    assert desk.book.handed(one, 400, desk.now) == []
    assert desk.book.handed("nothing", 1, desk.now) == []
    assert desk.alert().latency_ms == 312


def test_a_timer_that_moves_is_found_at_its_exact_time() -> None:
    timers = Timers()
    timers.set("a", 5.0)
    timers.set("b", 7.0)
    timers.set("a", 9.0)
    assert timers.next() == (7.0, "b")
    timers.set("a", 6.0)
    assert timers.next() == (6.0, "a")
    timers.set("a", None)
    timers.set("b", 8.0)
    timers.set("a", 8.0)
    assert timers.next() == (8.0, "a")
    timers.set("a", None)
    timers.set("b", None)
    assert timers.next() is None
