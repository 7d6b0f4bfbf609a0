"""Every error koubei raises on purpose, grouped by what the caller does next.

    KoubeiError
    ├── Retryable      the same call may succeed later: keep the work, wait, try again
    │   ├── StoreUnavailable      ClickHouse does not answer, or answers that it cannot now
    │   └── BrokerUnavailable     Kafka does not answer
    ├── BadRecord      this one record can never be processed: dead-letter it, go on
    ├── BadConfig      a person must change a setting, a file or a command line
    ├── StoreRefused   ClickHouse understood and said no; the same words will get the same answer
    ├── Tripped        too many bad records: stop rather than empty the topic into the dead letters
    └── Unsupported    the server cannot do this at all (an embedded stand-in, usually)

Each message says what, where, found versus needed, and the next command; its first hundred
characters alone must let a person act.
"""

from typing import ClassVar


class KoubeiError(Exception):
    """Root of the tree. `exit_code` is what the command line ends with (sysexits.h)."""

    exit_code: ClassVar[int] = 70


class Retryable(KoubeiError):
    """The same call may succeed later."""

    exit_code = 69


class StoreUnavailable(Retryable):
    """ClickHouse does not answer, or says that it cannot now (memory, too many parts, shutting down)."""


class BrokerUnavailable(Retryable):
    """Kafka does not answer."""


class BadRecord(KoubeiError):
    """One record that can never be processed.

    Attributes:
        reason: one of a small closed set of words, for counting (`not_json`, `invalid`, `refused`, ...).
        detail: what exactly is wrong, for a person.
    """

    exit_code = 65

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)  # the arguments as they are, so that it survives pickling
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


class BadConfig(KoubeiError):
    """A setting, a file or a command line that a person must change."""

    exit_code = 78


class StoreRefused(KoubeiError):
    """ClickHouse understood the request and refused it.

    Attributes:
        code: ClickHouse's error code (62 syntax, 47 unknown identifier, 497 no right ...); 0 when the client
            itself could not encode the values.
        message: ClickHouse's text without its stack trace.
    """

    exit_code = 65

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)  # the arguments as they are, so that it survives pickling
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"ClickHouse {self.code}: {self.message}" if self.code else self.message


class Tripped(KoubeiError):
    """Too many bad records: the worker stops and stays down until `koubei worker resume`."""

    exit_code = 78


class Unsupported(KoubeiError):
    """The server on the other side cannot do this at all."""

    exit_code = 69
