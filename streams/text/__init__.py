"""The text core: batches of text in, columns out. Pure: no clock, no logging, no network.

Files are read in one place only, `toolkit.build`; everything after that is a function of its arguments.
"""
