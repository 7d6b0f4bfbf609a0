"""Users who carry a message from one community into another, over the reposts of many cascades."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Bridge(NamedTuple):
    """A user between communities.

    Attributes:
        user: user id.
        across: reposts that link the user to other communities than their own.
        communities: how many communities the user's reposts reach, their own included.
        participation: 1 - Σ (share of the user's reposts in each community)²: 0 if all are in one, towards 1
            the more evenly they spread (Guimerà and Amaral 2005).
    """

    user: str
    across: int
    communities: int
    participation: float


def communities(reposts: Mapping[tuple[str, str], int], *, rounds: int = 20) -> dict[str, str]:
    """User → the name of their community, by label propagation (Raghavan, Albert and Kumara 2007).

    Everybody takes up the label that most of their reposts link them to, one user after the other until
    nobody changes. Order and ties go by user id, so that the same reposts give the same communities.

    Args:
        reposts: (who reposted, whom) → how often. Who reposts themselves is linked to nobody.
        rounds: when to stop in any case.
    """
    linked = _links(reposts)
    label = {user: user for user in linked}
    for _ in range(rounds):
        settled = True
        for user in sorted(linked):
            votes: Counter[str] = Counter()
            for other, times in linked[user].items():
                votes[label[other]] += times
            most = max(votes.values())
            if votes[label[user]] < most:
                label[user] = min(name for name, count in votes.items() if count == most)
                settled = False
        if settled:
            break
    return label


def bridges(
    reposts: Mapping[tuple[str, str], int], label: Mapping[str, str], *, top: int = 20
) -> list[Bridge]:
    """The users who link communities most: by reposts across times participation, ties by user id.

    Args:
        reposts: as for `communities`.
        label: what `communities` says.
        top: how many.
    """
    found = []
    for user, links in _links(reposts).items():
        by: Counter[str] = Counter()
        for other, times in links.items():
            by[label[other]] += times
        across = by.total() - by[label[user]]
        if across:
            even = 1 - sum((count / by.total()) ** 2 for count in by.values())
            found.append(Bridge(user, across, len(by.keys() | {label[user]}), even))
    found.sort(key=lambda bridge: (-bridge.across * bridge.participation, -bridge.across, bridge.user))
    return found[:top]


def reposted(shares: Iterable[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """How often each user reposted each other one, from (who, whom) of single reposts."""
    return Counter(pair for pair in shares if pair[0] != pair[1])


def _links(reposts: Mapping[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    linked: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (one, other), times in reposts.items():
        if one != other:
            linked[one][other] = linked[one].get(other, 0) + times
            linked[other][one] = linked[other].get(one, 0) + times
    return dict(linked)
