"""What the profiles of all brands must agree on, and whether each finds what it says that it finds."""

from collections.abc import Iterable, Sequence

from streams.text.normalise import fold, normalise
from streams.text.profiles import CompetitorSet, Profile
from streams.text.segment import Segmenter, UserWord
from streams.text.terms import Terms


def one_brand_a_term(found: Sequence[Profile]) -> None:
    """A term belongs to one brand; a rival without a profile is worth a warning."""
    names = {profile.brand.name for profile in found}
    owner: dict[str, str] = {}
    for profile in found:
        brand, table = profile.brand, profile.document.table
        for term in brand.terms:
            other = owner.setdefault(term, brand.name)
            if other != brand.name:
                path = next(
                    (
                        [key, number]
                        for key in ("aliases", "products")
                        for number, written in enumerate(table.get(key, []))
                        if fold(written).replace(" ", "") == term.replace(" ", "")
                    ),
                    ["name"],
                )
                profile.document.error(
                    path,
                    f"别名 {term} 同属 {other} 和 {brand.name}：从其中一个文件里删去",
                    f"alias {term} belongs to both {other} and {brand.name}: delete it from one file",
                )
        for number, rival in enumerate(table.get("competitors", [])):
            if rival not in names:
                profile.document.warning(
                    ["competitors", number],
                    f"竞品 {rival} 没有自己的文件，不会被监测",
                    f"competitor {rival} has no profile and is not monitored",
                )


def one_set_a_version(found: Sequence[Profile]) -> tuple[CompetitorSet, ...]:
    """Every competitor set; a version of one has the same members wherever it is written."""
    names = {profile.brand.name for profile in found}
    known: dict[tuple[str, int], CompetitorSet] = {}
    for profile in found:
        for number, one in enumerate(profile.sets):
            first = known.setdefault((one.name, one.version), one)
            if set(first.members) != set(one.members):
                profile.document.error(
                    ["sets", number, "members"],
                    f"竞品集 {one.name} 第 {one.version} 版在别的品牌里成员不同：加一个更高的版本",
                    f"set {one.name} version {one.version} has other members elsewhere: add a higher version",
                )
            for place, member in enumerate(one.members):
                if member not in names:
                    profile.document.warning(
                        ["sets", number, "members", place],
                        f"竞品 {member} 没有自己的文件，不会被监测",
                        f"competitor {member} has no profile and is not monitored",
                    )
    return tuple(known.values())


def self_test(found: Sequence[Profile], words: Iterable[UserWord]) -> None:
    """Whether each profile's examples are found, and its counter-examples are not."""
    segmenter = Segmenter(words)
    terms = Terms([profile.brand for profile in found], segmenter)
    for profile in found:
        numbers = {True: 0, False: 0}
        for example, expected in profile.brand.examples:
            number = numbers[expected]
            numbers[expected] += 1
            folded = normalise([example])
            hits = terms.find(folded, segmenter.cut(folded)).get(0, [])
            if any(hit.brand == profile.brand.name for hit in hits) != expected:
                verb = ("应提到", "must mention") if expected else ("不应算提到", "must not mention")
                profile.document.error(
                    ["examples", "mentions" if expected else "others", number],
                    f"自测不通过：这句{verb[0]} {profile.brand.name}；改别名或 exclusions",
                    f"self-test failed: this {verb[1]} {profile.brand.name}; change aliases or exclusions",
                )
