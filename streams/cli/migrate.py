"""koubei migrate: bring the database to this version."""

from streams.cli.common import ClickHouse, Data, admin_url, say, settings
from streams.language import t


def migrate(*, data: Data = None, clickhouse: ClickHouse = None) -> None:
    """Apply the migrations that the database lacks; run it as often as you like."""
    from streams.store.migrate import migrate as apply

    loaded = settings(data, None, clickhouse)
    applied = apply(admin_url(loaded), loaded.store.ttl_days)
    for name in applied:
        say(t(f"已执行 {name}", f"applied {name}"))
    if not applied:
        say(t("数据库已是最新", "The database is up to date"))
