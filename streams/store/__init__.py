"""ClickHouse: the only room that knows clickhouse-driver. Tables, migrations, rows, one connection class."""
