"""Sentiment engines: `bayes` is the one to use, `snownlp` the baseline it is compared with."""
