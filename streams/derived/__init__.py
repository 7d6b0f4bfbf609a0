"""Tables that follow from several records: duplicates, accounts, hot words, cascades. Kept current by one elected worker.

Each is idempotent: a step repeated after a crash writes the same rows again, which replace the first ones.
"""

from collections.abc import Callable

from streams.derived.accounts import Accounts
from streams.derived.base import Derived
from streams.derived.cascades import Cascades
from streams.derived.duplicates import Duplicates
from streams.derived.terms import Terms

ALL: tuple[Callable[[], Derived], ...] = (Duplicates, Accounts, Terms, Cascades)
