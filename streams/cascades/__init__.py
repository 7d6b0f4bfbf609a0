"""Repost cascades: trees grown from edges in any order, their shape, and who spread them. Pure."""
