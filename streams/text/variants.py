"""The ways in which a term may be dressed up, as patterns for the squeezed text and for its sound."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import groupby, product
from math import prod
from operator import eq
from typing import NamedTuple

from streams.text.characters import Characters
from streams.text.sounds import sounds
from streams.text.track import letter

_SPOKEN = ("ling", "yi", "er", "san", "si", "wu", "liu", "qi", "ba", "jiu")
_NUMERALS = {syllable: str(digit) for digit, syllable in enumerate(_SPOKEN)} | {"lu": "6"}
"""The digit that a syllable is written with; 陆 is read in two ways."""

_DIGITS = {str(digit): syllable for digit, syllable in enumerate(_SPOKEN)}

_WITHIN = "-._*·~ "
"""What is written between the two letters or characters of a term that is one of them twice."""

_FOREIGN = frozenset("aeiou")
"""Initials without these are no word of another language."""

_DOMAIN = "cn"
"""It ends addresses: t.cn."""

_FEW = 16
"""Combinations of a longer term that are all tried."""

_LONGEST = 12
"""Characters of the longest term that is looked for by sound."""


class Pattern(NamedTuple):
    """One way to write a term.

    Attributes:
        term: number of the term.
        units: what the squeezed text or its sound must show, one entry a character, no repeats.
        runs: how often each unit is written.
        variant: what the way is called.
        kept: for each unit, the character of the term that it stands for or whose first part it is; "" for
            letters and further parts.
        joints: units before which a blank may stand although both sides are Latin letters; a number and a
            half is inside the run of a unit.
        gaps: unit → what must stand before it (blanks and symbols within the term itself); a half as in `joints`.
        parts: units that are parts of a split character.
        plus: a plus sign stands for 加 before the units.
        contact: only where somebody is asked to get in touch.
        evidence: "demand" or "alone" where initials mean other things as well: only as what is asked for or
            suffered, or only as an outcry.
        given: somebody wrote this name down: that it is unusual needs no proof.
        text: what was written down, for the term itself and for names.
    """

    term: int
    units: str
    runs: tuple[int, ...]
    variant: str
    kept: tuple[str, ...] = ()
    joints: frozenset[float] = frozenset()
    gaps: tuple[tuple[float, str], ...] = ()
    parts: frozenset[int] = frozenset()
    plus: bool = False
    contact: bool = False
    given: bool = False
    text: str = ""
    evidence: str = ""


class _Piece(NamedTuple):
    """One way to write one character of a term: its units, each with the character it stands for."""

    kind: str
    units: str
    run: int
    kept: str


def literal(
    term: int,
    text: str,
    variant: str = "",
    *,
    plus: bool = False,
    contact: bool = False,
    given: bool = False,
) -> Pattern:
    """The term or a name as it is written, for the squeezed text."""
    units: list[str] = []
    runs: list[int] = []
    gaps: list[tuple[float, str]] = []
    gap = ""
    for character in text:
        unit = letter(character)
        if not unit:
            gap += character
        elif units and unit == units[-1] and not (unit.isdigit() or (gap and unit.isascii())):
            if gap:
                gaps.append((len(units) - 0.5, gap))
                gap = ""
            runs[-1] += 1
        else:
            if gap:
                gaps.append((len(units), gap))
            units.append(unit)
            runs.append(1)
            gap = ""
    return Pattern(
        term,
        "".join(units),
        tuple(runs),
        variant,
        tuple(units),
        gaps=tuple(gaps),
        plus=plus,
        contact=contact,
        given=given,
        text=text,
    )


def lettered(term: int, text: str) -> Iterator[Pattern]:
    """A Latin word with a double letter, for symbols between its letters: a.p.p.l.e; numerals repeated: 王八八蛋."""
    numerals = [character for character in text if letter(character).isdigit() and not character.isascii()]
    if numerals and len(numerals) < len(text) and text.isalpha():
        for often in (2, 3):
            shown = (character * often if character in numerals else character for character in text)
            pattern = literal(term, "".join(shown), "repeated")
            most = 3 - min(2, len(text) - 1)
            runs = (
                run if unit.isdigit() else max(run, most)
                for unit, run in zip(pattern.units, pattern.runs, strict=True)
            )
            yield pattern._replace(runs=tuple(runs))
    if len(text) > 2 and text.isascii() and text.isalpha() and any(map(eq, text, text[1:])):
        yield Pattern(term, text, (1,) * len(text), "", tuple(text), text=text)


def spaced(term: int, text: str) -> Iterator[Pattern]:
    """A letter or character twice with a symbol between, which squeezing cannot tell from it alone: q-q."""
    if len(text) == 2 and text[0] == text[1] and text.isalpha():
        for symbol in _WITHIN:
            yield Pattern(term, "", (), "inserted", text=symbol.join(text))


def spoken(term: int, text: str, characters: Characters, plus: bool = False) -> Iterator[Pattern]:
    """Homophones, pinyin, and mixtures of both, for the sound of the text."""
    units = _units(text)
    if not 2 <= len(units) <= _LONGEST:
        return
    table = sounds()
    named = _named(characters.names)
    for readings in _readings(text):
        choices: list[list[_Piece]] = []
        for (unit, run), reading in zip(units, readings, strict=True):
            if unit.isdigit():
                choices.append([_Piece("same", unit, run, unit), _Piece("pinyin", reading, run, "")])
            elif reading:
                heard = table.code.setdefault(reading, "")
                choices.append(
                    [_Piece("heard", heard, run, unit)] * bool(heard)
                    + [_Piece("pinyin", way * run, run, "") for way in _romanised(reading)]
                    + [_Piece("pinyin", mixed, 2, "") for mixed in _halves(heard, reading)] * (run == 2)
                )
            else:
                choices.append([_Piece("same", unit, run, unit)])
        for mixture in _mixtures(choices):
            kinds = {piece.kind for piece in mixture}
            if "pinyin" in kinds:
                pattern = _compose(term, mixture, "pinyin", plus)
                full = _full(pattern)
                foreign = pattern.units in characters.latin or full in characters.latin
                if not foreign and text in named.get(full, (text,)):
                    yield pattern
            elif "heard" in kinds:
                yield _compose(term, mixture, "homophone", plus)


def shortened(term: int, text: str, characters: Characters, plus: bool = False) -> Iterator[Pattern]:
    """Initials, alone or beside characters and pinyin of the term, for the squeezed text."""
    units = _units(text)
    if not 2 <= len(units) <= _LONGEST:
        return
    for readings in _readings(text):
        choices: list[list[_Piece]] = []
        for (unit, run), reading in zip(units, readings, strict=True):
            pieces = [_Piece("same", unit, run, unit)]
            if reading:
                pieces += [_Piece("initial", initial * run, 1, "") for initial in _initials(reading)]
                pieces += [_Piece("pinyin", reading * run, run, "")]
            choices.append(pieces)
        for mixture in _mixtures(choices):
            kinds = [piece.kind for piece in mixture]
            if "initial" not in kinds or ("pinyin" in kinds and "same" in kinds):
                continue
            if all(piece.kind == "initial" or piece.units.isdigit() for piece in mixture) and "same" in kinds:
                continue  # 4S, 3G
            pattern = _compose(term, mixture, "abbreviation", plus)
            spelled = _full(pattern)
            if "pinyin" in kinds and len(spelled) < 4:
                continue
            if spelled not in characters.latin:
                yield pattern
            elif (
                spelled.isalpha()
                and len(pattern.units) > 1
                and not _FOREIGN & set(spelled)
                and spelled != _DOMAIN
            ):
                yield pattern._replace(evidence="demand")


def shaped(term: int, text: str, characters: Characters, plus: bool = False) -> Iterator[Pattern]:
    """Split characters and lookalikes, for the squeezed text."""
    units = _units(text)
    if not 1 <= len(units) <= _LONGEST:
        return
    choices: list[list[_Piece]] = []
    for unit, run in units:
        pieces = [_Piece("same", unit, run, unit)]
        pieces += [
            _Piece("split", shown * run, 1, unit)
            for way in characters.split.get(unit, ())
            if len(shown := "".join(map(letter, way))) > 1
        ]
        if len(units) > 1:
            pieces += [_Piece("alike", other, run, unit) for other in characters.alike.get(unit, ())]
        choices.append(pieces)
    _as_digits(units, choices)
    for mixture in _mixtures(choices):
        kinds = {piece.kind for piece in mixture}
        if kinds == {"same"} or kinds >= {"split", "alike"}:
            continue
        yield _compose(term, mixture, "split" if "split" in kinds else "homophone", plus)


def _as_digits(units: Sequence[tuple[str, int]], choices: Sequence[list[_Piece]]) -> None:
    """A digit for a character that sounds like it: 割9菜, 跑陆."""
    if len(units) < 2:
        return
    readings = sounds().readings
    for (unit, run), pieces in zip(units, choices, strict=True):
        if digit := _NUMERALS.get(readings.get(unit, ("",))[0]):
            pieces.append(_Piece("alike", digit, run, unit))


def renamed(term: int, text: str, characters: Characters) -> Iterator[Pattern]:
    """Names of slang for the term or a part of it."""
    for names, contact, evidence in (
        (characters.slang, False, ""),
        (characters.slang_contact, True, ""),
        (characters.slang_alone, False, "alone"),
    ):
        for name, others in names.items():
            if name in text:
                for other in others:
                    variant = "abbreviation" if any(map(str.isascii, other)) else "homophone"
                    called = text.replace(name, other)
                    pattern = literal(term, called, variant, contact=contact, given=True)
                    yield pattern._replace(evidence=evidence)
                    if called[0] == "加" and len(called) > 1:
                        yield literal(term, called[1:], variant, plus=True, contact=contact, given=True)


def _units(text: str) -> list[tuple[str, int]]:
    """The squeezed characters with their runs; none when symbols stand within."""
    letters = [letter(character) for character in text]
    if "" in letters:
        return []
    units: list[tuple[str, int]] = []
    for unit, same in groupby(letters):
        run = len(list(same))
        units += [(unit, 1)] * run if unit.isdigit() else [(unit, run)]
    return units


@lru_cache(maxsize=256)
def _readings(text: str) -> list[tuple[str, ...]]:
    """The syllables of each unit ("" for letters and digits): read alone, and read in this word."""
    units = _units(text)
    from pypinyin import Style, lazy_pinyin

    table = sounds().readings
    if not any(unit in table for unit, _ in units):
        return []
    alone = tuple(_DIGITS.get(unit) or table.get(unit, ("",))[0] for unit, _ in units)
    if len(text) != len(units) or not all(alone):
        return [alone]
    together = lazy_pinyin(text, style=Style.NORMAL, v_to_u=False)
    if len(together) != len(alone):
        return [alone]
    return list(dict.fromkeys((alone, tuple(together))))


@cache
def _named(names: frozenset[str]) -> dict[str, set[str]]:
    """Pinyin → the names that it spells."""
    from pypinyin import Style, lazy_pinyin

    spelled: defaultdict[str, set[str]] = defaultdict(set)
    for name in names:
        spelled["".join(lazy_pinyin(name, style=Style.NORMAL))].add(name)
    return spelled


def _halves(heard: str, reading: str) -> list[str]:
    """A repeated character, once as itself and once in pinyin: 滴di, di滴."""
    return [heard + reading, reading + heard] if heard else []


def _romanised(reading: str) -> list[str]:
    return [reading, reading.replace("v", "u")] if "v" in reading else [reading]


def _initials(reading: str) -> str:
    """The first letter, and v for the w that it is often written as."""
    return "wv" if reading == "wei" else reading[0]


def _mixtures(choices: Sequence[Sequence[_Piece]]) -> Iterator[tuple[_Piece, ...]]:
    """All combinations of a short term or a few; else those of one kind, and with one or two others."""
    if len(choices) <= 3 or prod(map(len, choices)) <= _FEW:
        yield from product(*choices)
        return
    firsts = tuple(pieces[0] for pieces in choices)
    seen = {firsts}
    yield firsts
    for kind in dict.fromkeys(piece.kind for pieces in choices for piece in pieces):
        whole = tuple(
            next((piece for piece in pieces if piece.kind == kind), pieces[0]) for pieces in choices
        )
        candidates = [whole]
        candidates += [(*firsts[:cut], *whole[cut:]) for cut in range(1, len(choices))]
        candidates += [(*whole[:cut], *firsts[cut:]) for cut in range(1, len(choices))]
        for candidate in candidates:
            if candidate not in seen:
                seen.add(candidate)
                yield candidate
    for place, pieces in enumerate(choices):
        for piece in pieces[1:]:
            candidate = (*firsts[:place], piece, *firsts[place + 1 :])
            if candidate not in seen:
                seen.add(candidate)
                yield candidate


def _compose(term: int, pieces: Sequence[_Piece], variant: str, plus: bool) -> Pattern:
    units: list[str] = []
    runs: list[int] = []
    kept: list[str] = []
    joints: set[float] = set()
    parts: set[int] = set()
    for piece in pieces:
        syllables = piece.kind == "pinyin"
        length = len(piece.units) // piece.run if syllables else len(piece.units)
        for number, unit in enumerate(piece.units):
            begins = number % length == 0
            if units and units[-1] == unit and not unit.isdigit() and piece.kind != "heard":
                runs[-1] += 1 if syllables else piece.run
                if begins:
                    joints.add(len(units) - 0.5)
                continue
            if begins:
                joints.add(len(units))
            if piece.kind == "split":
                parts.add(len(units))
                joints.add(len(units))
            units.append(unit)
            runs.append(1 if syllables else piece.run)
            kept.append(piece.kept if begins else "")
    return Pattern(
        term, "".join(units), tuple(runs), variant, tuple(kept), frozenset(joints), (), frozenset(parts), plus
    )


def _full(pattern: Pattern) -> str:
    return "".join(unit * run for unit, run in zip(pattern.units, pattern.runs, strict=True))
