"""koubei: word-of-mouth monitoring from Kafka to ClickHouse."""

__version__ = "0.1.0"
