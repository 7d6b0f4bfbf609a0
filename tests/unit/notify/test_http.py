import pytest

from streams.notify.http import Answer, failure, is_inside, retry_after


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00:ec2::254",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "ff02::1",
    ],
)  # fmt: skip
def test_addresses_inside(address: str) -> None:
    assert is_inside(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "203.119.26.1", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_outside(address: str) -> None:
    assert not is_inside(address)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30.0),
        ("0", 0.0),
        ("999999999", 86400.0),
        ("Sun, 22 Nov 2026 02:02:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 02:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("nan", None),
        ("１２", 12.0),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after(value, 1_795_312_920.0) == seconds


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (400, "refused"),
        (401, "refused"),
        (404, "refused"),
        (408, "later"),
        (425, "later"),
        (429, "later"),
        (500, "later"),
        (503, "later"),
        (302, "refused"),
    ],
)
def test_what_a_status_means(status: int, outcome: str) -> None:
    found = failure(Answer(status, {"Retry-After": "7"}, b""), 0.0)
    assert found
    assert found.outcome == outcome
    assert found.limited == (status == 429)
    if outcome == "later":
        assert found.retry_after == 7.0


def test_any_2xx_is_no_failure() -> None:
    assert failure(Answer(204, {}, b""), 0.0) is None
