"""Chinese by default, English by setting: both texts stand side by side where they are used."""

import os

LANGUAGES = ("zh", "en")
_current = "en" if os.environ.get("KOUBEI_LANGUAGE", "").lower().startswith("en") else "zh"


def use(language: str) -> None:
    """Choose the language of everything said from now on (`zh` or `en`)."""
    global _current
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r} is not one of {LANGUAGES}")
    _current = language


def current() -> str:
    """The language in use, `zh` or `en`."""
    return _current


def t(zh: str, en: str) -> str:
    """The text in the language in use."""
    return zh if _current == "zh" else en
