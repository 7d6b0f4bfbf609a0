"""Logging: structlog over the standard library, one door for our events and the libraries' lines."""

import logging
import os
import sys

import structlog

_QUIET = ("faust", "mode", "aiokafka", "kafka", "asyncio", "niquests", "urllib3", "streams.agents")


def configure(*, level: int = logging.INFO) -> None:
    """Send everything to stderr: lines for a person on a terminal, else JSON objects."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor
    if sys.stderr.isatty():
        renderer = structlog.dev.ConsoleRenderer(colors="NO_COLOR" not in os.environ)
    else:
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # The store room turns its tracebacks into one error of ours.
    logging.getLogger("clickhouse_driver").setLevel(logging.CRITICAL)
    # It calls every rebalance an error, once a partition; what matters of it comes as our own events.
    logging.getLogger("aiokafka.consumer.group_coordinator").setLevel(logging.CRITICAL)
