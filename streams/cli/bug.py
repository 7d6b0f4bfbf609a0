"""A mistake of ours: the details go into a file that a person can send, not onto the screen."""

import os
import platform
import sys
import tempfile
import time
import traceback
from pathlib import Path

from streams import __version__
from streams.language import t


def report(error: BaseException, arguments: list[str]) -> str:
    """Write the report below the data folder and say where it is.

    The command line is written without the values of its options: they may hold passwords.
    """
    folder = Path(flag(arguments, "--data") or os.environ.get("KOUBEI_EMBEDDED__DATA") or "data") / "reports"
    text = "\n".join(
        (
            f"koubei {__version__}, Python {platform.python_version()}, {platform.platform()}",
            "koubei " + " ".join(_without_values(arguments)),
            "",
            "".join(traceback.format_exception(error)),
        )
    )
    name = time.strftime("bug-%Y%m%d-%H%M%S", time.gmtime()) + f"-{os.getpid()}.txt"
    for place in (folder, Path(tempfile.gettempdir())):
        try:
            place.mkdir(parents=True, exist_ok=True)
            path = place / name
            path.write_text(text, "utf-8")
        except OSError:
            continue
        return t(
            f"koubei 自己出错了（{type(error).__name__}: {error}）。详情在 {path}，请附上它报告问题",
            f"A bug in koubei ({type(error).__name__}: {error}). Details in {path}; please report it",
        )
    sys.stderr.write(text)
    return t("koubei 自己出错了，详情见上", "A bug in koubei, details above")


def flag(arguments: list[str], name: str) -> str | None:
    """The value of an option on a command line, as far as it can be told without parsing it."""
    for given, value in zip(arguments, arguments[1:], strict=False):
        if given == name:
            return value
    return next((given.split("=", 1)[1] for given in arguments if given.startswith(f"{name}=")), None)


def _without_values(arguments: list[str]) -> list[str]:
    rest = [given.split("=", 1)[0] if given.startswith("-") else "…" for given in arguments[1:]]
    return arguments[:1] + rest
