"""koubei migrate: bring the database to this version."""

from contextlib import closing

from streams.cli.common import ClickHouse, Data, admin_url, say, settings
from streams.config import Settings
from streams.errors import BadConfig
from streams.language import t


def migrate(*, data: Data = None, clickhouse: ClickHouse = None) -> None:
    """Apply the migrations and put in the rules that the database lacks; run it as often as you like."""
    from streams.store.migrate import migrate as apply

    loaded = settings(data, None, clickhouse)
    applied = apply(admin_url(loaded), loaded.store.ttl_days)
    for name in applied:
        say(t(f"已执行 {name}", f"applied {name}"))
    if not applied:
        say(t("数据库已是最新", "The database is up to date"))
    if provided := _provide(loaded):
        named = t("、", ", ").join(provided)
        say(t(f"已放入规则 {named}", f"put in the rules {named}"))


def _provide(loaded: Settings) -> list[str]:
    """Rules of the files that the database has never had; what people changed or removed there stays so."""
    from streams.cli.rule_files import chosen_rules, folders
    from streams.store import rules
    from streams.store.client import Connection
    from streams.store.rules import Change

    try:
        entries = chosen_rules(folders(loaded))
    except BadConfig as error:  # a mistake in a rule must not keep the database from starting
        say(str(error))
        return []
    with closing(Connection(admin_url(loaded))) as connection:
        known = rules.newest(connection)
        new = [Change(entry.rule.name, 0, entry.rule) for entry in entries if entry.rule.name not in known]
        return list(rules.change(connection, new, actor="koubei", via="file"))
