"""Where on the way from hearing of a thing to telling others its author is, and what the author wants."""

from collections.abc import Mapping, Sequence

from streams.text.lexicons import INTENTS, STAGES, Sign
from streams.text.marks import Marks
from streams.text.sentiment.base import NEUTRAL_BAND

_STAGE = {stage: 1 << number for number, stage in enumerate(STAGES)}
_INTENT = {intent: 1 << (len(STAGES) + number) for number, intent in enumerate(INTENTS)}
_SCOLD, _SHARE = _STAGE["scold"], _STAGE["share"]
_COMPLAINT = _INTENT["complaint"]


class Journey:
    """A journey lexicon at work.

    Args:
        signs: folded word → what it tells of its author.
    """

    def __init__(self, signs: Mapping[str, Sign]) -> None:
        self._marks = Marks(signs)
        self._bits = [_STAGE.get(sign.stage, 0) | _INTENT.get(sign.intent, 0) for sign in signs.values()]
        self._known: dict[tuple[int, int], tuple[str, str]] = {}

    def read(self, folded: Sequence[str], scores: Sequence[float]) -> tuple[list[str], list[str]]:
        """Stage and intent of each text, "" where its words tell none.

        The stage is the furthest that its words tell of. Only a negative text scolds, and none that is
        negative recommends. A complaint comes before a purchase, a purchase before a question; again only a
        negative text complains.

        Args:
            folded: the folded texts.
            scores: their leanings.
        """
        bits = self._bits
        told = [0] * len(folded)
        for row, word, _, _ in self._marks.find(folded):
            told[row] |= bits[word]
        stages, intents = [""] * len(folded), [""] * len(folded)
        for row, seen in enumerate(told):
            if seen:
                score = scores[row]
                mood = -1 if score < -NEUTRAL_BAND else 1 if score > NEUTRAL_BAND else 0
                answer = self._known.get((seen, mood))
                if answer is None:
                    answer = self._known[seen, mood] = _answer(seen, mood)
                stages[row], intents[row] = answer
        return stages, intents


def _answer(seen: int, mood: int) -> tuple[str, str]:
    seen &= ~(_SHARE if mood < 0 else _SCOLD | _COMPLAINT)
    stage = next((stage for stage in reversed(STAGES) if seen & _STAGE[stage]), "")
    intent = next((intent for intent in ("complaint", "purchase", "question") if seen & _INTENT[intent]), "")
    return stage, intent
