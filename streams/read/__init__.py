"""The only way to ask the store anything: bounded queries on the reading account."""
