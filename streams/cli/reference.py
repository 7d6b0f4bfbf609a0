"""docs/cli.md, made from the commands themselves: KOUBEI_LANGUAGE=en python -m streams.cli.reference."""

from collections.abc import Iterator

from cyclopts import App

from streams.cli import COMMANDS, Command, build

EXIT_CODES = (
    (0, "done"),
    (
        1,
        "findings (`doctor`): something is to be mended, each finding says how; an act on an alert that was refused",
    ),
    (2, "usage: the command line is wrong"),
    (65, "bad data: records or a query that were refused; what was good has gone in"),
    (69, "unavailable: Kafka or ClickHouse does not answer, or nothing runs"),
    (70, "a bug of ours: the message names a report file"),
    (
        75,
        "not yet: the act on an alert is in Kafka, the notifier has not answered; it is applied when that is back",
    ),
    (78, "configuration: a person must change a setting, a file or a port; also a worker that tripped"),
    (130, "interrupted by Ctrl-C (`up` ends with 0: Ctrl-C is how it ends)"),
)
"""What a command ends with; sysexits.h where it has a word for it."""

HEAD = """\
# Command line

Made from the commands by `KOUBEI_LANGUAGE=en python -m streams.cli.reference > docs/cli.md`; do not edit.

Data goes to stdout, talk to stderr. `--json` prints one JSON value. Colours are off when the output is not a
terminal or `NO_COLOR` is set. Help and messages are Chinese; `KOUBEI_LANGUAGE=en` or `language = "en"` in
`koubei.toml` makes them English. A flag beats `KOUBEI_*` variables, these beat `koubei.toml`, that beats the
stack that runs on `--data`, and that beats the defaults.
"""


def document() -> str:
    """The whole page."""
    app = build()
    parts = [HEAD, "## Exit codes\n", "| code | meaning |", "|---|---|"]
    parts += [f"| {code} | {meaning} |" for code, meaning in EXIT_CODES]
    for command in COMMANDS:
        parts += ["", *_section(command, app[command.name])]
    return "\n".join(parts) + "\n"


def _section(command: Command, app: App) -> Iterator[str]:
    yield f"## koubei {command.name}\n"
    yield f"{command.en}.\n"
    yield f"```sh\n{command.example}\n```"
    yield from _options(app)
    for name in app:
        if not name.startswith("-"):
            yield f"\n### koubei {command.name} {name}\n"
            yield f"{app[name].help}."
            yield from _options(app[name])


def _options(app: App) -> Iterator[str]:
    if app.default_command is None:
        return
    shown = [argument for argument in app.assemble_argument_collection() if argument.show]
    if not shown:
        return
    yield "\n| option | meaning | default |"
    yield "|---|---|---|"
    for argument in shown:
        default = argument.field_info.default
        told = "" if default in (None, False, (), argument.field_info.empty) else f"`{default}`"
        names = ", ".join(
            f"`{name}`" for name in argument.names if not name.startswith(("--no-", "--empty-"))
        )
        yield f"| {names} | {str(argument.parameter.help or '').replace('|', chr(92) + '|')} | {told} |"


if __name__ == "__main__":
    print(document(), end="")
