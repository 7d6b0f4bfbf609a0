"""How long to wait before a process that died is started again."""

from dataclasses import dataclass


@dataclass
class Backoff:
    """0.5 s, then twice as long each time up to 10 s; a process that lived for 30 s starts afresh."""

    first: float = 0.5
    limit: float = 10.0
    healthy: float = 30.0
    _next: float = 0.0

    def after(self, lived: float) -> float:
        """Seconds to wait now that a process died which had lived for `lived` seconds."""
        delay = self.first if lived >= self.healthy or not self._next else self._next
        self._next = min(delay * 2, self.limit)
        return delay
