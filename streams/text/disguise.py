"""Whether a span that shows a pattern's units is the term dressed up, or ordinary writing that looks like it."""

import re
from collections.abc import Collection, Iterable, Set

from streams.text.characters import Characters
from streams.text.line import Line, Span, latin
from streams.text.odds import frequency, gain
from streams.text.segment import Segmenter
from streams.text.sounds import spelled
from streams.text.variants import Pattern

_SENTENCE = re.compile("[，。！？；：、,!?;:…—\\[\\]@]").search
"""Symbols of ordinary sentences: between two characters that only sound like a term they part two words."""

_CLAUSE = re.compile("[，。？；,?;]").search
"""Those that end a clause, and part even the characters of the term itself."""

_ASKED = re.compile(r"(?:[加+➕扫搜添联聊]|联系|私信?)(?:一下|[我您你个下的])?\s?$").search
_ADDRESS = re.compile(r"[号码是\W]{0,4}(?=[a-z_-]*\d)[a-z0-9_-]{5,}").match
_NUMBER_LONG = 6
"""Digits of the shortest number that is written in groups."""

_NUMBER = re.compile(r"\d{5,}").match
_PLUS = re.compile(r"(?<![a-z0-9+])[+➕]\s?$").search
_LATIN_BEFORE = re.compile(r"(?:[a-z]{2}|\d)[ ./_&'+-]$").search
_LATIN_AFTER = re.compile(r"[ ./_&'+-](?![ _:-]?(?=[a-z_-]*\d)[a-z0-9_-]{5,})(?:[a-z]{2}|[a-z]\b|\d)").match

_CHANCE = 5
"""What the dictionary's corpus holds no more often is no word, or one that hardly anybody uses."""

_SELDOM = 20
"""What is no more frequent is no reason to think that the parts of a character are a word (女马, 火暴)."""

_FITS, _FITS_FAR = 2.7, 9.0
"""The term must be fifteen times as likely as what is written, the logarithm of that; eight thousand times
where none of its characters is left or a particle stands for one (特斯啦)."""

_FEW_LETTERS = 5
"""Pinyin of no more letters may be a word or a name of another language."""

_LATIN_WORDS = re.compile("[a-z]{3,}").findall

_SPELLED = str.maketrans("0123456789", "零一二三四五六七八九")
"""Digits as the dictionary writes them."""


class Disguise:
    """Decides on spans, by what the dictionary and the lexicon of characters know."""

    def __init__(self, segmenter: Segmenter, characters: Characters) -> None:
        self._knows = segmenter.knows
        self._swallows = segmenter.swallows
        self._ordinary = characters.ordinary
        self._latin = characters.latin
        self._particles = characters.particles

    def chance(self, pattern: Pattern, piece: str, units: str) -> bool:
        """Whether a piece of text that sounds like the pattern may be the term, whatever stands around it.

        Args:
            pattern: what the piece sounds like.
            piece: as it is written.
            units: without its symbols and repeats.
        """
        if pattern.variant != "homophone":
            return True
        if len(units) == 2 < len(piece) and _SENTENCE(piece):
            return False
        changed = [one for one, kept in zip(units, pattern.kept, strict=True) if one != kept]
        if not changed:
            return pattern.plus or len(piece) > len(units)
        if len(piece) == len(units):
            if frequency(piece) <= _CHANCE and len(changed) < len(units):
                return True
            if self._knows(piece):
                return False
        odd = sum(map(self._odd, units))
        return odd > 0 or _strange(units, changed, odd)

    def begin(self, line: Line, pattern: Pattern, span: Span) -> int | None:
        """Where the disguised term begins; None when the span is no disguise."""
        start = span.start
        if pattern.plus:
            before = line.text[max(0, start - 3) : start]
            plus = _PLUS(before)
            if not plus:
                return None
            start += plus.start() - len(before)
        if (
            self._repeats(pattern, span)
            and (not (span.gaps or pattern.gaps) or self._hidden(line, pattern, span))
            and self._edges(line, pattern, span)
            and self._unusual(line, pattern, span)
            and not (pattern.contact and not asked(line, span.start, span.stop))
        ):
            return start
        return None

    def _odd(self, character: str) -> bool:
        """Whether a character is no word of its own."""
        return not character.isascii() and character.isalnum() and character not in self._ordinary

    def _repeats(self, pattern: Pattern, span: Span) -> bool:
        """Whether every unit is written as often as in the term, or more often on purpose."""
        if span.runs == pattern.runs:
            return True
        doubled = single = False
        for unit, need, run in zip(span.units, pattern.runs, span.runs, strict=True):
            if run < need:
                return False
            if run == need:
                continue
            if unit.isascii():
                if pattern.variant or run < 3 or len(pattern.units) < 3:
                    return False
            else:
                word = run == 2 and frequency(unit * 2) > _SELDOM
                doubled |= word
                single |= not word
        return single or not doubled

    def _hidden(self, line: Line, pattern: Pattern, span: Span) -> bool:
        """Whether the symbols between the units hide a word rather than part two."""
        needed = dict(pattern.gaps)
        if any(
            place not in span.gaps or gap.strip() not in span.gaps[place] for place, gap in needed.items()
        ):
            return False
        gaps = {place: gap for place, gap in span.gaps.items() if place not in needed}
        if not gaps:
            return True
        between = set(range(1, len(span.units))) - set(needed)
        regular = len(between) > 1 and between <= set(gaps) and len({gaps[place] for place in between}) == 1
        if not regular:
            if pattern.variant == "abbreviation" and not asked(line, span.start, span.stop):
                return False
            parted = any(map(_SENTENCE if pattern.variant else _CLAUSE, gaps.values()))
            if parted and (pattern.variant or not any(map(self._odd, span.units))):
                return False
        plain = "".join(unit * run for unit, run in zip(span.units, pattern.runs, strict=True))
        whole = regular or line.holds(span, plain)
        if any(map(latin, span.units)):
            whole = not _latin_beside(line.text, span)
        return whole and all(_joined(pattern, span.units, place, gap, regular) for place, gap in gaps.items())

    def _edges(self, line: Line, pattern: Pattern, span: Span) -> bool:
        """Whether Latin letters at the ends are whole words; a number may follow at once (wx13800…)."""
        text = line.text
        if not line.whole(span.start, span.stop):
            addressed = pattern.variant in ("pinyin", "abbreviation") and text[span.stop - 1].isalpha()
            cut = span.start and latin(text[span.start]) and latin(text[span.start - 1])
            if cut or not (addressed and _NUMBER(text, span.stop)):
                return False
        elif _alphabet(text[span.start]) and span.start and _alphabet(text[span.start - 1]):
            return False
        if pattern.variant == "pinyin" and span.units.isascii() and _english(text, span):
            return False
        if pattern.variant == "abbreviation" and span.units.isascii():
            if len(span.units) < 4 and _latin_beside(text, span):
                return False
            shouted = not pattern.given and line.capitals(span.start, span.stop)
            return not shouted or asked(line, span.start, span.stop)
        return True

    def _foreign(self, units: str) -> bool:
        """Whether the Latin letters among Chinese can only be pinyin: pian子."""
        spelled = "".join(filter(str.isascii, units))
        return len(spelled) > 2 and spelled not in self._latin

    def _unusual(self, line: Line, pattern: Pattern, span: Span) -> bool:
        """Whether the span is no piece of ordinary writing."""
        if span.units.isascii() and span.units.isalpha():
            return True
        words = line.words(span.start, span.stop)
        outside = [
            word
            for place, word in words
            if (place < span.start or place + len(word) > span.stop)
            and not word.isascii()
            and self._swallows(word)
        ]
        if pattern.parts:
            return not outside and self._apart(pattern, span, [word for _, word in words])
        changed = {one for one, kept in zip(span.units, pattern.kept, strict=True) if kept and one != kept}
        as_written = not changed and (pattern.variant == "pinyin" or pattern.plus)
        if pattern.variant not in ("homophone", "pinyin") or pattern.given or as_written:
            return not outside or _drawn(span) or (as_written and self._foreign(span.units))
        alone = [word for _, word in words if len(word) == 1 and self._odd(word)]
        if outside:  # 薇信号: what the next word takes is of the term itself, and what is odd stands alone
            if changed & set("".join(outside)):
                return False
            unusual = bool(changed & set(alone))
        elif alone and (pattern.variant == "pinyin" or asked(line, span.start, span.stop)):
            unusual = True
        else:
            unusual = pattern.variant == "homophone" and _strange(span.units, changed, len(alone))
        return unusual or (pattern.variant == "homophone" and self._likelier(line, pattern, span, changed))

    def _apart(self, pattern: Pattern, span: Span, words: Iterable[str]) -> bool:
        """Whether the parts of split characters are no words; two characters in parts are no accident."""
        if len(pattern.parts) == len(span.units) > 3:
            return True
        parts = {span.units[part] for part in pattern.parts}
        return not any(len(word) > 1 and parts & set(word) and frequency(word) > _SELDOM for word in words)

    def _likelier(self, line: Line, pattern: Pattern, span: Span, changed: Set[str]) -> bool:
        """Whether what stands there would hardly come by chance, and the term would fit in far better."""
        units = span.units
        if span.gaps or not changed or not all(pattern.kept):
            return False
        far = bool(changed & self._particles) or len(changed) == len(units)
        if len(units) == 2 and (far or not units.isalpha()):
            return False
        if frequency(units) > _CHANCE:
            return False
        term = "".join(kept * run for kept, run in zip(pattern.kept, pattern.runs, strict=True))
        before, after = line.around(span.start, span.stop)
        return gain(before, units, term.translate(_SPELLED), after) >= (_FITS_FAR if far else _FITS)


def _strange(units: str, changed: Collection[str], odd: int) -> bool:
    """Whether enough of a homophone is odd: of two characters both when both were changed."""
    if len(units) == 2 and len(changed) == 2:
        return odd == 2
    return odd > 0 or (len(units) > 3 and 2 * len(changed) <= len(units))


def _drawn(span: Span) -> bool:
    """Whether there are symbols between Chinese characters that no ordinary sentence has there: 刷*单日结."""
    gaps = "".join(span.gaps.values())
    return bool(gaps) and not (" " in gaps or _SENTENCE(gaps) or any(map(str.isascii, span.units)))


def _joined(pattern: Pattern, units: str, place: float, gap: str, regular: bool) -> bool:
    """Whether letters and digits on both sides of a gap may be one word: w.e.i, 138-1234-5678, x 1."""
    if place in pattern.joints:
        return True
    if place != int(place):
        unit = int(place)
        return pattern.runs[unit] > 1 and not units[unit].isascii()
    left, right = units[int(place) - 1], units[int(place)]
    if not (left.isascii() and right.isascii()):
        return True
    if left.isdigit() and right.isdigit():
        return sum(map(str.isdigit, units)) >= _NUMBER_LONG and not _SENTENCE(gap)
    if left.isdigit() or right.isdigit():
        return gap in (" ", "-")
    return regular or (len(units) == 2 and not gap.isspace())


def asked(line: Line, start: int, stop: int) -> bool:
    """Whether somebody is asked to get in touch here."""
    return bool(_ASKED(line.text[max(0, start - 5) : start]) or _ADDRESS(line.text[stop : stop + 24]))


def _alphabet(character: str) -> bool:
    """Whether it is a letter of an alphabet other than plain Latin, which may look like it (Cyrillic н)."""
    return "\x7f" < character < "\u2e80" and character.isalpha()


def _english(text: str, span: Span) -> bool:
    """Whether a few letters stand in a text of Latin words that are no pinyin: Dama shoe store."""
    if len(span.units) > _FEW_LETTERS or not text.isascii():
        return False
    others = _LATIN_WORDS(text[: span.start] + " " + text[span.stop :])
    return bool(others) and 2 * sum(map(spelled, others)) < len(others)


def _latin_beside(text: str, span: Span) -> bool:
    """Whether the span is a piece of Latin writing: another Latin word beside it that is no address."""
    before, after = text[max(0, span.start - 3) : span.start], text[span.stop : span.stop + 24]
    return bool(
        (latin(text[span.start]) and _LATIN_BEFORE(before))
        or (latin(text[span.stop - 1]) and _LATIN_AFTER(after))
    )
