"""When something is due next, of very many things whose times mostly move further away."""

import heapq


class Timers:
    """One time a name, the earliest first, then by name.

    A time that moves away leaves its place in the heap as it is and finds its new one when it comes to the front:
    an alert that a thousand posts a second put off costs nothing.
    """

    def __init__(self) -> None:
        self._times: dict[str, float] = {}
        self._places: dict[str, int] = {}
        self._heap: list[tuple[float, str, int]] = []
        self._pushed = 0

    def set(self, name: str, at: float | None) -> None:
        """Let it be due at a time; None for never."""
        if at is None:
            self._times.pop(name, None)
            self._places.pop(name, None)
            return
        before = self._times.get(name)
        self._times[name] = at
        if before is None or at < before:
            self._push(name, at)

    def next(self) -> tuple[float, str] | None:
        """The earliest, exactly; None when nothing is due ever."""
        while self._heap:
            queued, name, place = self._heap[0]
            if self._places.get(name) != place:
                heapq.heappop(self._heap)
            elif (at := self._times[name]) > queued:
                heapq.heappop(self._heap)
                self._push(name, at)
            else:
                return at, name
        return None

    def _push(self, name: str, at: float) -> None:
        self._pushed += 1
        self._places[name] = self._pushed
        heapq.heappush(self._heap, (at, name, self._pushed))
