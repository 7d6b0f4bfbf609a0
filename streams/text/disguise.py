"""Whether a span that shows a pattern's units is the term dressed up, or ordinary writing that looks like it."""

import re
from collections.abc import Collection, Iterable, Set
from operator import lt

from streams.text.characters import Characters
from streams.text.line import Line, Span, latin
from streams.text.odds import frequency, gain, parted
from streams.text.segment import Segmenter
from streams.text.sounds import spelled
from streams.text.track import letter
from streams.text.variants import Pattern

_SENTENCE = re.compile("[，。！？；：、,!?;:…—\\[\\]@]").search
"""Symbols of ordinary sentences: between two characters that only sound like a term they part two words."""

_CLAUSE = re.compile("[，。？；,?;]").search
"""Those that end a clause, and part even the characters of the term itself."""

_ASKED = re.compile(r"(?:[加+➕扫搜添联聊]|联系|私信?)(?:一下|[我您你个下的])?\s?$").search
_ADDRESS = re.compile(r"[号码是\W]{0,4}(?=[a-z_-]*\d)[a-z0-9_-]{5,}|\W?同[号步]").match
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

_FITS_OVER = 14.0
"""Where a dictionary word takes one of a split character's parts (活鱼|羊花), a million times."""

_FEW_LETTERS = 5
"""Pinyin of no more letters may be a word or a name of another language."""

_LATIN_WORDS = re.compile(r"(?<![a-z0-9_])[a-z]{3,}(?![a-z0-9_])").findall
_PLAIN_BEFORE = re.compile("[ -~]*$").search
_PLAIN_AFTER = re.compile("[ -~]*").match
_NEAR = 40
"""Characters on either side that tell in which language a few letters are."""

_DEMAND = re.compile(r"(?:[我就还想急]要|想|招|聘|求|不给|不肯|拒绝|被|已经?|申请|去|做|搞|别|禁止)$").search
_OBJECT = re.compile(r"$|\W|[了过吧呢吗啊他她你员率]|(?:人员|日结|兼职|平台|公司)").match
"""What stands around initials that are the word which is meant: 急招sd，日结."""

_PAUSE = re.compile(r"(?:^|[^\w./@#-])$").search
_OUTCRY = re.compile(r"$|[^\w\s.:]|\s?(?:又|这|那|你|什么|真|气)").match
"""What stands around an outcry: md，又涨价了."""

_RESULTS = frozenset("光完掉好走住开满死尽净")
"""What follows a verb for its result, before 了: 包光了 is no 曝光."""

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
        if pattern.evidence and not _evident(line, pattern.evidence, span):
            return None
        if (
            self._repeats(pattern, span)
            and not _doubled(line, pattern, span)
            and not _counted_on(line.text, span)
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
        """Whether every unit is written as often as in the term, or more often on purpose.

        One doubled letter may be another word's own (los, loss); three of one, or two doubled, are no word's.
        """
        if span.runs == pattern.runs:
            return True
        words = letters = 0
        single = False
        for unit, need, run in zip(span.units, pattern.runs, span.runs, strict=True):
            if run < need:
                return False
            if run == need:
                continue
            if unit.isascii():
                letters += 2 if run > 2 else 1
            elif run == 2 and frequency(unit * 2) > _SELDOM:
                words += 1
            else:
                single = True
        if pattern.parts:
            return all(map(lt, pattern.runs, span.runs))
        if letters and (letters < 2 or len(pattern.units) < 3):
            return False
        return single or not words or (words > 1 and len(pattern.units) > 3)

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
        regular = between <= set(gaps) and len({gaps[place] for place in between}) == 1
        regular = regular and (len(between) > 1 or _goes_on(line.text, span, gaps))
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
        if pattern.variant == "pinyin" and span.units.isascii() and self._english(text, span):
            return False
        if pattern.variant == "abbreviation" and span.units.isascii():
            if len(span.units) < 4 and _latin_beside(text, span):
                return False
            shouted = not pattern.given and line.capitals(span.start, span.stop)
            return not shouted or asked(line, span.start, span.stop)
        return True

    def _english(self, text: str, span: Span) -> bool:
        """Whether a few letters stand among Latin words that are no pinyin: Dama shoe store, big data."""
        if len(span.units) > _FEW_LETTERS:
            return False
        before = _PLAIN_BEFORE(text[max(0, span.start - _NEAR) : span.start])
        after = _PLAIN_AFTER(text[span.stop : span.stop + _NEAR])
        others = _LATIN_WORDS(f"{before and before[0]} {after and after[0]}")
        if not text.isascii():
            others = [word for word in others if word not in self._latin]
        return bool(others) and 2 * sum(map(spelled, others)) < len(others)

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
            return self._apart(pattern, span, [word for _, word in words]) and (
                not outside or self._restored(line, pattern, span)
            )
        changed = {one for one, kept in zip(span.units, pattern.kept, strict=True) if kept and one != kept}
        as_written = not changed and (pattern.variant == "pinyin" or pattern.plus)
        if pattern.variant not in ("homophone", "pinyin") or pattern.given or as_written:
            return not outside or _drawn(span) or (as_written and self._foreign(span.units))
        alone = [word for _, word in words if len(word) == 1 and self._odd(word)]
        if len(span.units) == 2 and any(map(str.isdigit, changed)):
            alone = [word for word in alone if letter(word).isdigit()]
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
        if any(len(word) > 1 and parts & set(word) and frequency(word) > _SELDOM for word in words):
            return False
        if sum(bool(pattern.kept[part]) for part in pattern.parts) > 1:
            return True
        apart = "".join(span.units[part] for part in sorted(pattern.parts))
        return frequency(apart) <= _SELDOM or self._knows(apart)

    def _restored(self, line: Line, pattern: Pattern, span: Span) -> bool:
        """Whether the text reads far better with the whole characters: 卖手木仓的."""
        before, after = line.around(span.start, span.stop)
        written = line.text[span.start : span.stop]
        return gain(before, written, _whole(pattern), after) >= _FITS_OVER

    def _likelier(self, line: Line, pattern: Pattern, span: Span, changed: Set[str]) -> bool:
        """Whether what stands there would hardly come by chance, and the term would fit in far better."""
        written = line.text[span.start : span.stop]
        if span.gaps or not changed or not all(pattern.kept):
            return False
        far = bool(changed & self._particles) or len(changed) == len(span.units)
        if len(span.units) == 2 and (far or not written.isalpha()):
            return False
        if frequency(written) > _CHANCE:
            return False
        before, after = line.around(span.start, span.stop)
        far = far or any(map(str.isdigit, changed)) or (written[-1] in _RESULTS and after[:1] == "了")
        return gain(before, written, _whole(pattern), after) >= (_FITS_FAR if far else _FITS)


def _whole(pattern: Pattern) -> str:
    """The term that a pattern of characters stands for."""
    term = "".join(kept * run for kept, run in zip(pattern.kept, pattern.runs, strict=True))
    return term.translate(_SPELLED)


def _doubled(line: Line, pattern: Pattern, span: Span) -> bool:
    """Whether only the first character is doubled, as verbs are, and the next word takes the rest: 催催收货."""
    if span.gaps or span.runs != (2,) + (1,) * (len(span.runs) - 1) or pattern.runs[0] > 1:
        return False
    return parted(line.text, span.start + 1, span.stop)


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


def _counted_on(text: str, span: Span) -> bool:
    """Whether a number at one of the ends goes on: 一三八 is not 13."""
    return bool(
        (span.units[0].isdigit() and span.start and _numeral(text[span.start - 1]))
        or (span.units[-1].isdigit() and span.stop < len(text) and _numeral(text[span.stop]))
    )


def _numeral(character: str) -> bool:
    return character in "〇十百千" or letter(character).isdigit()


def _alphabet(character: str) -> bool:
    """Whether it is a letter of an alphabet other than plain Latin, which may look like it (Cyrillic н)."""
    return "\x7f" < character < "\u2e80" and character.isalpha()


def _goes_on(text: str, span: Span, gaps: dict[float, str]) -> bool:
    """Whether the symbol between two letters stands behind the second as well: s.b.一个."""
    gap = next(iter(gaps.values()))
    after = text[span.stop + len(gap) : span.stop + len(gap) + 1]
    return (
        span.units.isascii()
        and text.startswith(gap.strip() or "\0", span.stop)
        and (not after or not after.isascii())
    )


def _evident(line: Line, evidence: str, span: Span) -> bool:
    """Whether what stands around initials of more than one meaning tells that they are the term."""
    before, after = line.text[max(0, span.start - 3) : span.start], line.text[span.stop : span.stop + 2]
    if evidence == "alone":
        return bool(_PAUSE(before) and _OUTCRY(after))
    return bool(_DEMAND(before) and _OBJECT(after))


def _latin_beside(text: str, span: Span) -> bool:
    """Whether the span is a piece of Latin writing: another Latin word beside it that is no address."""
    before, after = text[max(0, span.start - 3) : span.start], text[span.stop : span.stop + 24]
    return bool(
        (latin(text[span.start]) and _LATIN_BEFORE(before))
        or (latin(text[span.stop - 1]) and _LATIN_AFTER(after))
    )
