"""koubei beside its alternatives: `python -m bench` measures this machine and writes docs/benchmarks.md."""
