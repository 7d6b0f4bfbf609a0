"""koubei notifier: the one process that owns the alerts and lets people know."""

from streams.cli.common import ClickHouse, Data, Kafka, settings


def notifier(*, data: Data = None, kafka: Kafka = None, clickhouse: ClickHouse = None) -> None:
    """Run one notifier until SIGTERM."""
    from streams.agents.notifier import run

    run(settings(data, kafka, clickhouse))
