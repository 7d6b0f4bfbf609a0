"""koubei correct, koubei corrections: say what the sentiment toward a brand really is, and see who said so."""

import getpass
import sys
from typing import Annotated, Literal

from cyclopts import Parameter

from streams.cli.common import ClickHouse, Data, Json, group, reader_url, say, settings, show_json, writer_url
from streams.cli.tables import Rows, write
from streams.language import t
from streams.store import corrections
from streams.store.client import Connection
from streams.store.corrections import WITHDRAW, Correction

app = group("corrections", "查看、导出人的更正", "List and export what people have corrected")

LIST = (
    "SELECT at, kind, platform, id, brand, judged, if(sentiment = '', {withdraw:String}, sentiment) AS corrected, "
    "actor, via, note FROM corrections ORDER BY at DESC LIMIT {limit:UInt64}"
)
EXPORT = """
SELECT DISTINCT text, sentiment AS label, brand, platform, id
FROM mentions
WHERE id IN (SELECT id FROM corrections) AND (kind, platform, id, brand) IN
(
    SELECT kind, platform, id, brand FROM corrections
    GROUP BY kind, platform, id, brand HAVING argMax(sentiment, at) != ''
)
ORDER BY platform, id, brand
"""


def correct(
    platform: Annotated[str, Parameter(help=t("平台", "Platform"))],
    id: Annotated[str, Parameter(help=t("帖子或转发的编号", "Id of the post or share"))],
    brand: Annotated[str, Parameter(help=t("品牌，写规范名", "Brand, by its canonical name"))],
    sentiment: Annotated[
        str,
        Parameter(
            help=t(
                "对它的情感：正、中、负（pos、neu、neg），撤销写 withdraw",
                "Sentiment toward it: pos, neu or neg; withdraw takes a correction back",
            )
        ),
    ],
    *,
    note: Annotated[str, Parameter(help=t("说明", "Why"))] = "",
    by: Annotated[
        str | None, Parameter(help=t("署名（默认为登录名）", "Who corrects; the login name if not given"))
    ] = None,
    kind: Annotated[
        Literal["post", "share"], Parameter(help=t("post 帖子，share 转发", "A post or a share"))
    ] = "post",
    json: Json = False,
    data: Data = None,
    clickhouse: ClickHouse = None,
) -> None:
    """Store one correction; every number that counts mentions follows at once."""
    loaded = settings(data, None, clickhouse)
    made = Correction(
        kind,
        platform,
        id,
        brand,
        corrections.sentiment(sentiment),
        getpass.getuser() if by is None else by,
        "cli",
        note,
    )
    connection = Connection(writer_url(loaded))
    try:
        judged = corrections.correct(connection, made)
    finally:
        connection.close()
    if json:
        show_json({**made._asdict(), "sentiment": made.sentiment or WITHDRAW, "judged": judged})
    elif made.sentiment:
        print(
            t(
                f"已更正：{platform} {id} 对 {brand} 为 {made.sentiment}（程序判断 {judged}）",
                f"Corrected: {platform} {id} toward {brand} is {made.sentiment} (the program said {judged})",
            )
        )
    else:
        print(
            t(
                f"已撤销更正：{platform} {id} 对 {brand} 恢复为程序判断 {judged}",
                f"Withdrawn: {platform} {id} toward {brand} is {judged} again, as the program judged",
            )
        )


@app.command(name="list", help=t("列出，最新的在前", "List them, newest first"))
def list_(
    *,
    limit: Annotated[int, Parameter(help=t("最多多少条", "At most so many"))] = 50,
    json: Json = False,
    data: Data = None,
    clickhouse: ClickHouse = None,
) -> None:
    """Print the corrections, withdrawals too."""
    loaded = settings(data, None, clickhouse)
    connection = Connection(reader_url(loaded))
    try:
        found = connection.query(LIST, {"limit": limit, "withdraw": WITHDRAW})
    finally:
        connection.close()
    if not json and not found.rows:
        say(
            t(
                "还没有更正。更正一条：koubei correct 平台 编号 品牌 正|中|负",
                "There are no corrections. Make one: koubei correct PLATFORM ID BRAND pos|neu|neg",
            )
        )
        return
    write(Rows(found.columns, iter(found.rows)), "json" if json else "table", loaded.timezone, sys.stdout)


@app.command(
    help=t(
        "导出有效的更正为 CSV，供 koubei sentiment calibrate --labels",
        "Print those in force as CSV, for koubei sentiment calibrate --labels",
    )
)
def export(*, data: Data = None, clickhouse: ClickHouse = None) -> None:
    """Print text, label, brand, platform and id of every corrected mention; withdrawn ones are left out."""
    loaded = settings(data, None, clickhouse)
    connection = Connection(reader_url(loaded), timeout=90.0)
    try:
        columns, rows = connection.stream(EXPORT)
        write(Rows(columns, rows), "csv", loaded.timezone, sys.stdout)
    finally:
        connection.close()
