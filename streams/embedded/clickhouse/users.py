"""Who may connect, and within which limits. The engine has one user; rights live here."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from streams.embedded.clickhouse.errors import ServerError
from streams.errors import BadConfig
from streams.language import t

_NOBODY = "0" * 64


@dataclass(frozen=True, slots=True)
class User:
    """A name, the hash of its password, and what it may do.

    Attributes:
        name: as given at connect.
        sha256: hex SHA-256 of the password in UTF-8.
        readonly: whether it may only read.
        settings: ClickHouse settings that hold for each of its sessions; limits among them are upper bounds.
    """

    name: str
    sha256: str
    readonly: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)


class Users:
    """The users of one server."""

    def __init__(self, users: Mapping[str, User]) -> None:
        self._users = dict(users)

    @classmethod
    def load(cls, path: Path) -> "Users":
        """Read a users file: `{"users": {NAME: {"sha256": HEX, "readonly": BOOL, "settings": {...}}}}`.

        Raises:
            BadConfig: when the file is absent or says something else.
        """
        try:
            entries = json.loads(path.read_text("utf-8"))["users"]
            users = {name: _user(name, entry) for name, entry in entries.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadConfig(
                t(
                    f"用户文件 {path} 无法使用：{error!r}。",
                    f"The users file {path} cannot be used: {error!r}. ",
                )
                + t("需要的格式：", "It must look like ")
                + '{"users": {"NAME": {"sha256": "…", "readonly": false, "settings": {}}}}'
            ) from error
        return cls(users)

    def check(self, known: frozenset[str]) -> None:
        """Refuse settings that the engine does not know.

        Raises:
            BadConfig: naming the first of them.
        """
        for user in self._users.values():
            for setting in sorted(set(user.settings) - known):
                raise BadConfig(
                    t(
                        f"用户 {user.name} 的设置 {setting} 不存在，请在用户文件中改正。",
                        f"User {user.name} has a setting {setting} that does not exist: correct the users file.",
                    )
                )

    def authenticate(self, name: str, password: str) -> User:
        """The user of that name and password, compared in constant time.

        Raises:
            ServerError: 516, the same for an unknown name and a wrong password.
        """
        user = self._users.get(name)
        given = hashlib.sha256(password.encode("utf-8", "surrogateescape")).hexdigest()
        matches = hmac.compare_digest(given, user.sha256 if user else _NOBODY)
        if user is None or not matches:
            raise ServerError(
                516,
                f"{name}: Authentication failed: password is incorrect, or there is no user with such name. "
                "(AUTHENTICATION_FAILED)",
            )
        return user


def _user(name: str, entry: Mapping[str, object]) -> User:
    unknown = set(entry) - {"sha256", "readonly", "settings"}
    digest, readonly, settings = entry["sha256"], entry.get("readonly", False), entry.get("settings", {})
    if unknown or not isinstance(readonly, bool) or not isinstance(settings, dict):
        raise ValueError(f"user {name}: {sorted(unknown) or 'wrong kind of value'}")
    if not isinstance(digest, str) or len(digest) != 64 or set(digest.lower()) - set("0123456789abcdef"):
        raise ValueError(f"user {name}: sha256 must be 64 hexadecimal digits")
    return User(name, digest.lower(), readonly, {key: _setting(value) for key, value in settings.items()})


def _setting(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
