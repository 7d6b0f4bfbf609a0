"""Acts on alerts from the terminal; `streams.cli.alerts` makes commands of them."""

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Annotated, Any

from cyclopts import Parameter

from streams.cli.acting import HERE, Id, Note, Terminal, command, find, perform, span
from streams.cli.common import reader_url
from streams.clock import SYSTEM
from streams.config import Settings
from streams.errors import BadConfig
from streams.language import t
from streams.severity import Severity
from streams.store.client import Connection
from streams.topics.alert import Command


def many(action: str, zh: str, en: str) -> Callable[..., int]:
    """The act that needs nothing but alerts.

    Args:
        action: as in `Command`.
        zh: what to say when it is done, in Chinese.
        en: the same in English.
    """

    def act(
        *ids: Id,
        note: Note = "",
        here: Terminal = HERE,
    ) -> int:
        if not ids:
            raise BadConfig(
                t(
                    "哪一条？写告警编号，看编号：koubei alerts list",
                    "Which? Give the id of an alert; see koubei alerts list",
                )
            )
        loaded = here.settings()
        return perform(loaded, _acts(loaded, action, ids, here.by, note=note), t(zh, en), as_json=here.json)

    return act


def assign(
    id: Id,
    owner: Annotated[str, Parameter(help=t("给谁", "To whom"))],
    *,
    note: Note = "",
    here: Terminal = HERE,
) -> int:
    """Give an alert to somebody."""
    loaded = here.settings()
    made = _acts(loaded, "assign", (id,), here.by, owner=owner, note=note)
    return perform(loaded, made, t("已指派", "Assigned"), as_json=here.json)


def note(
    id: Id,
    text: Annotated[str, Parameter(help=t("写什么", "What"))],
    *,
    here: Terminal = HERE,
) -> int:
    """Write a note."""
    loaded = here.settings()
    made = _acts(loaded, "note", (id,), here.by, note=text)
    return perform(loaded, made, t("已记录", "Noted"), as_json=here.json)


def silence(
    id: Annotated[
        str | None, Parameter(help=t("告警编号，或用 --rule、--brand", "Id of an alert; or --rule, --brand"))
    ] = None,
    *,
    rule: Annotated[str, Parameter(help=t("这条规则的", "Those of this rule"))] = "",
    brand: Annotated[str, Parameter(help=t("这个品牌的", "Those of this brand"))] = "",
    for_: Annotated[
        str,
        Parameter(name="--for", help=t("多久：30m、2h、1d，最长 30d", "How long: 30m, 2h, 1d; 30d at most")),
    ] = "2h",
    comment: Annotated[str, Parameter(help=t("为什么", "Why"))] = "",
    severity: Annotated[
        Severity | None,
        Parameter(
            help=t("最高静默到哪个级别（默认 orange）", "The highest severity covered; orange if not given")
        ),
    ] = None,
    here: Terminal = HERE,
) -> int:
    """Silence one alert, or those of a rule or a brand."""
    if not (id or rule or brand):
        raise BadConfig(
            t(
                "静默哪些？写告警编号，或 --rule 规则、--brand 品牌",
                "Silence which? Give the id of an alert, or --rule RULE, or --brand BRAND",
            )
        )
    length = span("--for", for_)
    loaded = here.settings()
    about = {"rule": rule, "brand": brand, "severity": severity or "", "note": comment}
    more = {"until": SYSTEM.now() + length, **about}
    made = _acts(loaded, "silence", (id,), here.by, **more) if id else [command("silence", here.by, **more)]
    return perform(loaded, made, t(f"已静默 {for_}", f"Silenced for {for_}"), as_json=here.json)


def unsilence(
    id: Annotated[
        str, Parameter(help=t("静默或告警的编号", "Id of the silence, or of an alert that it covers"))
    ],
    *,
    note: Note = "",
    here: Terminal = HERE,
) -> int:
    """End a silence."""
    loaded = here.settings()
    with closing(Connection(reader_url(loaded))) as connection:
        try:
            about = {"silence_id": find(connection, "silence", id)}
        except BadConfig as error:
            try:
                about = {"alert_id": find(connection, "alert", id)}
            except BadConfig:
                raise error from None
    made = command("unsilence", here.by, note=note, **about)
    return perform(loaded, [made], t("静默已结束", "The silence is over"), as_json=here.json)


def _acts(
    loaded: Settings, action: str, begins: Sequence[str], by: str | None, **fields: Any
) -> list[Command]:
    """One act for each alert, in the order given.

    Raises:
        BadConfig: an id begins none, or more than one.
    """
    with closing(Connection(reader_url(loaded))) as connection:
        whole = dict.fromkeys(find(connection, "alert", one) for one in begins)
    return [command(action, by, alert_id=one, **fields) for one in whole]
