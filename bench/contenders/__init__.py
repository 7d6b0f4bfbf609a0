"""The contenders, each a process: `python -m bench.contenders.MODULE NAME --kafka HOST:PORT ...`."""
