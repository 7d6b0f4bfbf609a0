"""Signed links: they allow what was signed, for as long as was signed, and nothing else."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.alerts.links import VALID, BadLink, Claim, addresses, read, sign
from streams.alerts.model import Alert, Event
from streams.topics.alert import Command

KEY = b"0123456789abcdef"
NOW = 1_795_312_920.0
TOKEN = sign(KEY, "a1", nonce="a1:1", now=NOW)
ALERT = Alert(
    alert_id="a 1/ü",
    dedup_key="k",
    rule="断连",
    rule_version=1,
    brand="XX耳机",
    first_fired=NOW,
    last_fired=NOW,
    window_start=NOW - 600,
    window_end=NOW,
    last=Event(kind="fired", at=NOW),
)


def reason(token: str, *, key: bytes = KEY, now: float = NOW) -> str:
    with pytest.raises(BadLink) as caught:
        read(key, token, now)
    assert str(caught.value)
    return caught.value.reason


def test_a_token_says_what_was_signed_for_a_day() -> None:
    claim = Claim("a1", "view+acknowledge", int(NOW + VALID), "a1:1")
    assert read(KEY, TOKEN, NOW) == claim
    assert read(KEY, TOKEN, NOW + VALID - 1) == claim
    assert reason(TOKEN, now=NOW + VALID) == "expired"


def test_the_same_notice_has_the_same_link_and_another_another() -> None:
    assert sign(KEY, "a1", nonce="a1:1", now=NOW) == TOKEN
    assert sign(KEY, "a1", nonce="a1:2", now=NOW) != TOKEN


def test_the_nonce_can_be_the_id_of_a_command() -> None:
    claim = read(KEY, TOKEN, NOW)
    command = Command(
        id=claim.nonce, action="acknowledge", alert_id=claim.alert_id, actor="张三", via="link", at=NOW
    )
    assert command.id == "a1:1"


def test_another_key_is_no_key() -> None:
    assert reason(TOKEN, key=b"fedcba9876543210") == "wrong"
    assert reason(sign(b"x" * 16, "a1", nonce="n", now=NOW)) == "wrong"


@given(st.integers(0, len(TOKEN) - 1), st.characters(codec="utf-8"))
def test_whoever_changes_a_character_has_nothing(at: int, other: str) -> None:
    changed = TOKEN[:at] + other + TOKEN[at + 1 :]
    if changed != TOKEN:
        assert reason(changed) in ("wrong", "malformed")


@given(
    st.one_of(
        st.text(max_size=200), st.from_regex(r"1\.[A-Za-z0-9_-]{1,40}\.[A-Za-z0-9_-]{1,30}", fullmatch=True)
    )
)
def test_whatever_is_sent_is_refused_in_words(token: str) -> None:
    assert reason(token) in ("wrong", "malformed")


@pytest.mark.parametrize("token", ["", TOKEN[:-1], TOKEN + "=", TOKEN + "\n", "2" + TOKEN[1:], TOKEN.rpartition(".")[0],
                                   "1." + "A" * 2_000 + ".A"])  # fmt: skip
def test_a_cut_or_longer_token_is_malformed(token: str) -> None:
    assert reason(token) == "malformed"


def test_addresses_lead_to_the_alert_and_to_its_board_with_the_time_set() -> None:
    found = addresses("https://k.example", ALERT, TOKEN, post="https://weibo.example/1")
    page = urlsplit(found.page)
    assert page.path == "/alerts/a%201%2F%C3%BC"
    assert parse_qs(page.query) == {"token": [TOKEN]}
    board = parse_qs(urlsplit(found.dashboard).query)
    assert board["board"] == ["koubei-overview"]
    assert board["var-brand"] == ["XX耳机"]
    assert int(board["from"][0]) == (NOW - 600 - 1_800) * 1000
    assert int(board["to"][0]) == (NOW + 1_800) * 1000
    assert found.post == "https://weibo.example/1"


@pytest.mark.parametrize(("kind", "board"), [("cascade", "koubei-spread"), ("absence", "koubei-pipeline")])
def test_each_kind_has_its_board(kind: str, board: str) -> None:
    found = addresses("https://k.example", replace(ALERT, kind=kind)).dashboard
    assert parse_qs(urlsplit(found).query)["board"] == [board]
    assert addresses("https://k.example", ALERT).page.endswith("%C3%BC")


@pytest.mark.parametrize(
    "post", ["javascript:alert(1)", "//evil.example", "http://", "ftp://x/y", "http://[", ""]
)
def test_a_post_that_is_nowhere_on_the_web_has_no_link(post: str) -> None:
    assert addresses("https://k.example", ALERT, post=post).post == ""


def test_without_an_address_of_the_page_only_the_post_can_be_opened() -> None:
    assert addresses("", ALERT, TOKEN, post="https://p.example") == ("", "", "https://p.example")
