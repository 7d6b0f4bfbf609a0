"""Sentiment engines: `hybrid` is the one to use, `lexicon` its rule alone, `snownlp` the baseline."""
