"""`python -m streams.config > docs/configuration.md`."""

from streams.config.page import reference

print(reference(), end="")
