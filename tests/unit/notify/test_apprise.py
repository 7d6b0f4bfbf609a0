import pytest

from streams.notify.apprise import judge


@pytest.mark.parametrize(
    ("said", "outcome", "code"),
    [
        (["Failed to send JSON POST notification: Unauthorized, error=401."], "refused", "401"),
        (["Failed to send JSON POST notification: error=500."], "later", "500"),
        (["Failed to send ntfy notification: Too many, error=429."], "later", "429"),
        (['Connection error while submitting email to "h"', "Socket Exception: (535, b'5.7.8 no')"], "refused", "535"),
        (['Connection error while submitting email to "h"', "Socket Exception: (451, b'later')"], "later", "451"),
        (["A Connection error occurred.", "Socket Exception: [Errno 111] Connection refused"], "later", ""),
        (["A Connection error occurred.", "Socket Exception: Max retries (NewConnectionError(...))"], "later", ""),
        (["A Connection error occurred.", "Socket Exception: Read timed out. (read timeout=4)"], "unknown", ""),
        (["A Connection error occurred.", "Socket Exception: ('Connection aborted.', RemoteDisconnected())"], "unknown", ""),
        (["something else"], "later", ""),
    ],
)  # fmt: skip
def test_log_lines_are_understood(said: list[str], outcome: str, code: str) -> None:
    found = judge("Mail", said, ())
    assert (found.outcome, found.code) == (outcome, code)
    assert found.answer.startswith("Mail：")
    assert found.limited == (code == "429")


def test_of_a_chain_of_causes_the_last_is_told() -> None:
    line = (
        "Socket Exception: HTTPConnectionPool(host='h', port=1): Max retries exceeded with url: /in (Caused by "
        "NewConnectionError('<urllib3.connection.HTTPConnection object at 0x7f>: [Errno 111] Connection refused'))"
    )
    assert judge("Mail", ["A Connection error occurred.", line], ()).answer == (
        "Mail：A Connection error occurred.；[Errno 111] Connection refused"
    )


def test_a_timeout_may_have_been_delivered() -> None:
    assert judge("Mail", [], (), timed_out=True).outcome == "unknown"


def test_secrets_in_log_lines_are_hidden() -> None:
    found = judge(
        "Mail",
        ["Failed to send: error=401.", "Response Details:\r\nb'token hushhush9 is wrong'"],
        ("hushhush9",),
    )
    assert "hushhush9" not in found.answer
    assert "token *** is wrong" in found.answer
