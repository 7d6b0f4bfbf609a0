"""Rules: a query language over posts, compiled so that a thousand rules cost a post a few microseconds.

text of a query → `scan` → `parse` → a tree → `evaluate` (one post, the reference) or `matcher` (batches).
Rules live in files (`files`), which `check` reviews. Pure: no clock, no network, no settings.
"""
