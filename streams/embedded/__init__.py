"""Kafka and ClickHouse of our own for demos, small installations and tests: real protocols, one code path."""
