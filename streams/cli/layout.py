"""How help texts look: an example, the form, then what can be given."""

from typing import Any

from cyclopts import Parameter
from cyclopts.help import DefaultFormatter, HelpPanel
from rich.console import Console, ConsoleOptions
from rich.text import Text

from streams.language import t

DEFAULTS = Parameter(negative=(), negative_iterable=())
"""No `--no-x` and `--empty-x` twins: every switch is off, every list empty by default."""


class Layout(DefaultFormatter):
    """The usage line in the user's language, and only defaults that say something."""

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """Print one panel."""
        panel.entries = [
            entry.copy(default=None) if entry.default in ("False", "()") else entry for entry in panel.entries
        ]
        super().__call__(console, options, panel)

    def render_usage(self, console: Console, options: ConsoleOptions, usage: Any) -> None:
        """Print the usage line."""
        console.print(Text.assemble(t("用法：", "Usage: "), (str(usage).strip(), "bold")))
        console.print()


def prologue(example: str) -> str:
    """The first line of a help text."""
    return t(f"例：{example}", f"Example: {example}")
