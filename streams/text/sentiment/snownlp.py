"""SnowNLP as it comes: the baseline, some two hundred times slower, without negation and without neutral."""

from collections.abc import Sequence

import numpy as np
from snownlp import SnowNLP

from streams.text.sentiment.base import Scores


class Snow:
    """SnowNLP's own segmentation, weights and probability."""

    def judge(self, texts: Sequence[str], cuts: Sequence[list[str]]) -> Scores:
        """Its probability of positive, stretched from 0…1 to -1…1; 0 for a text without any word."""
        del cuts
        return np.array([2 * SnowNLP(text).sentiments - 1 if text.strip() else 0.0 for text in texts])
