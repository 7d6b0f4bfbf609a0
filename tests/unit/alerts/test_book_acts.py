"""What people do about alerts, silences, inhibition and quiet hours."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from streams.alerts.model import Policy
from tests.unit.alerts.desk import Desk, kinds

MINUTE = 60.0
HOUR = 3600.0


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.posts(severity="yellow")
    desk.said()
    return desk


def quiet(severity: str, now: float) -> float:
    """From 22:00 to 08:00 in Shanghai, but for red."""
    when = datetime.fromtimestamp(now, timezone(timedelta(hours=8)))
    if severity == "red" or 8 <= when.hour < 22:
        return now
    end = when.replace(hour=8, minute=0, second=0, microsecond=0)
    return (end + timedelta(days=1) if when.hour >= 22 else end).timestamp()


# Claiming


def test_who_claims_it_is_told_to_the_group(desk: Desk) -> None:
    step = desk.act("acknowledge", desk.alert())
    assert kinds(step) == ["acknowledged"]
    assert (desk.alert().state, desk.alert().owner, desk.alert().last.actor) == (
        "acknowledged",
        "张三",
        "张三",
    )
    assert desk.notices[0].note == "张三 16:00 已认领"
    desk.later(50 * MINUTE)
    assert desk.said() == ["acknowledged"]


def test_the_second_one_hears_who_was_first(desk: Desk) -> None:
    desk.act("acknowledge", desk.alert())
    desk.said()
    desk.later(120)
    step = desk.act("acknowledge", desk.alert(), actor="李四")
    assert [(entry.subject, entry.snapshot.last.kind, entry.snapshot.last.detail) for entry in step] == [
        ("alert", "rejected", "张三 16:00 已认领")
    ]
    assert (desk.alert().owner, desk.said()) == ("张三", [])


def test_giving_it_back_starts_the_clock_again(desk: Desk) -> None:
    desk.act("acknowledge", desk.alert())
    desk.act("unacknowledge", desk.alert())
    assert desk.notices[-1].note == "张三 放弃认领"
    desk.later(15 * MINUTE)
    assert desk.said() == ["acknowledged", "repeat", "escalated"]


def test_an_assigned_alert_still_wants_to_be_claimed(desk: Desk) -> None:
    desk.act("assign", desk.alert(), owner="李四")
    assert (desk.alert().state, desk.alert().owner) == ("firing", "李四")
    assert desk.notices[-1].note == "张三 指派给 李四"
    desk.act("acknowledge", desk.alert(), actor="李四")
    desk.act("assign", desk.alert(), owner="王五")
    assert (desk.alert().state, desk.alert().owner) == ("acknowledged", "王五")
    assert desk.said() == ["repeat", "acknowledged", "acknowledged"]


def test_a_note_is_written_down_and_said_to_nobody(desk: Desk) -> None:
    step = desk.act("note", desk.alert(), note="已联系售后")
    assert (kinds(step), desk.alert().last.detail, desk.said()) == (["noted"], "已联系售后", [])


def test_the_same_act_twice_is_one_also_after_a_restart(desk: Desk) -> None:
    desk.act("note", desk.alert(), id="once")
    assert desk.act("note", desk.alert(), id="once") == []
    desk.posts()
    desk.restart()
    assert desk.act("note", desk.alert(), id="once") == []
    desk.act("silence", id="hush", rule="起火", until=desk.now + HOUR)
    desk.restart()
    assert desk.act("silence", id="hush", rule="起火", until=desk.now + HOUR) == []


def test_resolving_tells_who_was_told(desk: Desk) -> None:
    desk.act("resolve", desk.alert(), note="误触")
    assert desk.notices[-1].note == "张三 已解除：误触"
    assert desk.said() == ["resolved"]
    assert desk.alert().resolved_by == "张三"


def test_a_false_alarm_is_over(desk: Desk) -> None:
    desk.act("false_alarm", desk.alert())
    assert (desk.alert().state, desk.alert().false_alarm) == ("resolved", True)
    assert desk.act("false_alarm", desk.alert())[0].snapshot.last.kind == "rejected"


def test_an_alert_that_is_over_can_be_called_false_later(desk: Desk) -> None:
    first = desk.alert()
    desk.act("resolve", first)
    desk.posts()
    desk.said()
    desk.act("false_alarm", first)
    old = desk.book.by_id(first.alert_id)
    assert old is not None
    assert (old.false_alarm, desk.alert().false_alarm, desk.said()) == (True, False, [])
    desk.restart()
    assert desk.alert().incarnation == 1


def test_what_is_not_known_is_refused_by_itself(desk: Desk) -> None:
    (entry,) = desk.act("acknowledge", alert_id="nothing")
    assert (entry.subject, entry.snapshot.last.detail) == ("rejected", "没有告警 nothing")
    assert entry.snapshot.last.command == entry.id


@pytest.mark.parametrize("action", ["acknowledge", "unacknowledge", "assign", "resolve", "silence"])
def test_what_is_over_is_left_alone(desk: Desk, action: str) -> None:
    desk.act("resolve", desk.alert())
    desk.said()
    step = desk.act(action, desk.alert(), owner="李四", until=desk.now + HOUR)
    assert [entry.snapshot.last.detail for entry in step] == ["告警已于 16:00 解除"]
    assert (desk.alert().state, desk.said()) == ("resolved", [])


def test_acts_on_cases_are_not_for_the_book(desk: Desk) -> None:
    assert desk.act("case_open", desk.alert()) == []


# Silences


def test_a_silence_keeps_quiet_and_its_end_is_told(desk: Desk) -> None:
    step = desk.act("silence", rule="起火", until=desk.now + 2 * HOUR, note="已知问题")
    assert [(entry.subject, entry.snapshot.last.kind) for entry in step] == [
        ("silence", "silenced"),
        ("alert", "silenced"),
    ]
    assert desk.alert().last.detail == "张三 静默至 18:00：已知问题"
    for _ in range(4):
        desk.later(30 * MINUTE - 1)
        desk.posts()
        desk.posts(entity="另一个")
    desk.restart()
    assert (desk.said(), desk.alert().state) == ([], "silenced")
    desk.later(5)
    assert [notice.note for notice in desk.notices] == ["张三 的静默已到期（已知问题）"] * 2
    assert sorted(desk.said()) == ["firing", "repeat"]
    assert desk.alert().state == "firing"
    (silence,) = desk.book.silences.values()
    assert silence.last.kind == "expired"


def test_a_worse_level_breaks_a_silence_and_says_so(desk: Desk) -> None:
    desk.act("silence", desk.alert(), until=desk.now + 2 * HOUR, severity="yellow")
    desk.posts(severity="orange")
    assert desk.notices[-1].note == "由黄色（较大）升为橙色（重大），张三 静默至 18:00 不再适用"
    assert (desk.alert().state, desk.said()) == ("firing", ["escalated"])
    desk.later(2 * HOUR)


def test_a_silence_covers_red_only_when_it_names_it(desk: Desk) -> None:
    desk.act("silence", brand="星曜", until=desk.now + HOUR)
    desk.posts(entity="x", severity="orange")
    assert desk.said() == []
    desk.posts(entity="y", severity="red")
    assert desk.said() == ["firing"]
    red = desk.alert("起火|星曜|y")
    step = desk.act("silence", red, until=desk.now + HOUR)
    assert step[0].snapshot.last.detail == "告警为红色（特别重大），静默须指明 severity=red"
    desk.act("silence", red, until=desk.now + HOUR, severity="red")
    assert desk.alert("起火|星曜|y").state == "silenced"


def test_a_silenced_alert_keeps_its_claim(desk: Desk) -> None:
    desk.act("acknowledge", desk.alert())
    desk.act("silence", desk.alert(), until=desk.now + 10 * MINUTE)
    desk.said()
    desk.later(10 * MINUTE)
    assert (desk.alert().state, desk.alert().owner, desk.said()) == ("acknowledged", "张三", [])


@pytest.mark.parametrize("broken", [True, False])
def test_and_the_claim_lapses_all_the_same(desk: Desk, broken: bool) -> None:
    desk.act("silence", desk.alert(), until=desk.now + 10 * MINUTE)
    desk.act("acknowledge", desk.alert())
    assert desk.alert().state == "silenced"
    if broken:
        desk.posts(severity="red")
    else:
        desk.later(10 * MINUTE)
    assert (desk.alert().state, desk.alert().owner) == ("acknowledged", "张三")
    desk.later(30 * MINUTE)
    desk.posts()
    desk.later(30 * MINUTE)
    assert (desk.alert().state, desk.said()[-1]) == ("firing", "repeat")


def test_the_end_of_what_is_silenced_or_hidden_is_not_told(desk: Desk) -> None:
    desk.posts(rule="静", entity="x")
    desk.said()
    desk.act("silence", rule="静", until=desk.now + HOUR)
    desk.act("resolve", desk.alert("静|星曜|x"))
    assert (desk.said(), desk.alert("静|星曜|x").state) == ([], "resolved")
    desk.posts(rule="红", severity="red")
    desk.later(16 * MINUTE)
    assert desk.alert().inhibited_by
    desk.said()
    desk.act("resolve", desk.alert())
    assert desk.said() == []


def test_of_two_silences_the_later_end_counts(desk: Desk) -> None:
    desk.act("silence", rule="起火", until=desk.now + HOUR / 2)
    desk.act("silence", brand="星曜", until=desk.now + HOUR)
    desk.later(HOUR - 1)
    assert (desk.alert().state, desk.said()) == ("silenced", [])
    desk.posts()
    desk.later(1)
    assert (desk.alert().state, desk.said()) == ("firing", ["repeat"])


def test_a_silence_can_be_ended(desk: Desk) -> None:
    desk.act("silence", desk.alert(), id="s", until=desk.now + HOUR)
    step = desk.act("unsilence", silence_id="s", actor="李四")
    assert kinds(step) == ["unsilenced", "unsilenced"]
    assert (desk.notices[-1].note, desk.said()) == ("李四 解除了静默", ["repeat"])
    assert kinds(desk.act("unsilence", silence_id="s")) == ["rejected"]
    assert desk.act("unsilence", silence_id="t")[0].subject == "rejected"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "静默须指明告警、规则或品牌之一"),
        ({"rule": "起火", "until": -1.0}, "静默的结束时间已过"),
        ({"rule": "起火", "until": 31 * 24 * HOUR}, "静默最长 30 天"),
        ({"alert_id": "nothing"}, "没有告警 nothing"),
    ],
)
def test_a_silence_that_makes_no_sense_is_refused(desk: Desk, given: dict[str, Any], why: str) -> None:
    until = desk.now + given.get("until", HOUR)
    (entry,) = desk.act("silence", **{**given, "until": until})
    assert (entry.subject, entry.snapshot.last.detail) == ("rejected", why)
    assert not desk.book.silences


# Inhibition


def test_red_hides_blue_and_yellow_of_the_same_event(desk: Desk) -> None:
    desk.posts(rule="红", severity="red")
    desk.said()
    assert kinds(desk.posts(rule="蓝")) == ["fired", "inhibited"]
    desk.posts(rule="橙", severity="orange")
    desk.posts(rule="别的品牌", brand="云帆")
    desk.posts(rule="别的源头", entity="r1")
    assert desk.said() == ["firing"] * 3
    desk.restart()
    assert desk.posts(rule="蓝") != []
    assert desk.said() == []
    desk.act("resolve", desk.alert("红|星曜|"))
    assert [notice.note for notice in desk.notices if notice.reason == "firing"] == [
        "红色告警「红」不再压制本告警"
    ]
    assert desk.said() == ["resolved", "firing"]


def test_hidden_alerts_come_out_worse_or_when_the_red_one_is_silenced(desk: Desk) -> None:
    desk.posts(rule="红", severity="red")
    desk.posts(rule="甲")
    desk.posts(rule="乙")
    desk.said()
    desk.posts(rule="甲", severity="orange")
    assert desk.said() == ["firing"]
    desk.act("silence", desk.alert("红|星曜|"), until=desk.now + HOUR, severity="red")
    assert desk.said() == ["firing"]
    assert desk.alert("乙|星曜|").inhibited_by == ""


def test_one_red_after_the_other(desk: Desk) -> None:
    desk.posts(rule="红一", severity="red")
    desk.posts(rule="红二", severity="red")
    desk.posts(rule="蓝")
    desk.said()
    desk.act("resolve", desk.alert("红一|星曜|"))
    desk.act("resolve", desk.alert("红二|星曜|"))
    assert desk.said() == ["resolved", "resolved", "firing"]


def test_a_reminder_is_hidden_too(desk: Desk) -> None:
    desk.posts(rule="红", severity="red")
    desk.act("acknowledge", desk.alert("红|星曜|"))
    desk.said()
    desk.later(20 * MINUTE)
    assert (desk.said(), desk.alert().inhibited_by) == ([], desk.alert("红|星曜|").alert_id)


# Quiet hours


def test_what_happens_at_night_is_one_notice_in_the_morning() -> None:
    desk = Desk(Policy(quiet=quiet))
    desk.later(7 * HOUR)  # 23:00
    step = desk.posts(severity="yellow")
    assert step[0].snapshot.last.detail == "免打扰时段，01-16 08:00 再通知"
    desk.posts(severity="orange")
    desk.later(4 * HOUR)
    desk.restart()
    desk.posts(200)
    desk.later(5 * HOUR - 1)
    assert (desk.said(), desk.alert().state) == ([], "firing")
    desk.later(1)
    assert (desk.notices[0].note, desk.said()) == ("免打扰时段内触发，现补发", ["firing"])
    desk.later(HOUR)
    assert "escalated" in desk.said()


def test_red_is_never_held_and_wakes_what_was() -> None:
    desk = Desk(Policy(quiet=quiet))
    desk.later(7 * HOUR)
    desk.posts(severity="yellow")
    desk.posts(severity="red")
    assert desk.said() == ["firing"]
    desk.posts(rule="另一条", entity="x", severity="red")
    assert desk.said() == ["firing"]


def test_claimed_at_night_nothing_is_said_in_the_morning() -> None:
    desk = Desk(Policy(quiet=quiet))
    desk.later(7 * HOUR)
    desk.window()
    desk.act("acknowledge", desk.alert())
    desk.keep(desk.book.case_opened(desk.alert().alert_id, "k", desk.now))
    desk.later(12 * HOUR)
    assert desk.said() == []


def test_an_end_at_night_is_told_in_the_morning_to_who_was_told() -> None:
    desk = Desk(Policy(quiet=quiet))
    desk.later(6 * HOUR - 60)
    desk.window()
    desk.act("acknowledge", desk.alert())
    desk.said()
    desk.later(10 * MINUTE)
    desk.window(holds=False)
    assert desk.said() == []
    desk.later(10 * HOUR)
    assert desk.said() == ["resolved"]


def test_escalation_waits_for_the_morning_too() -> None:
    desk = Desk(Policy(quiet=quiet))
    desk.later(6 * HOUR - 60)
    desk.window()
    desk.later(9 * HOUR)
    assert desk.said() == ["firing"]
    desk.later(HOUR + 60)
    assert desk.said() == ["escalated"]


def test_a_backlog_at_night_is_summed_up_in_the_morning() -> None:
    desk = Desk(Policy(quiet=quiet))
    desk.later(7 * HOUR)
    for n in range(3):
        desk.posts(entity=f"e{n}", appended=desk.now - HOUR, severity="yellow")
    desk.later(8.9 * HOUR)
    assert desk.said() == []
    desk.restart()
    desk.later(0.1 * HOUR)
    assert len(desk.said()) == 1


def test_a_red_one_in_that_backlog_does_not_wait() -> None:
    desk = Desk(Policy(quiet=quiet))
    desk.later(7 * HOUR)
    desk.posts(entity="a", appended=desk.now - HOUR)
    desk.later(HOUR)
    desk.posts(entity="b", appended=desk.now - HOUR, severity="red")
    desk.later(MINUTE)
    assert [notice.alert_id for notice in desk.notices] == [desk.alert("起火|星曜|b").alert_id]
