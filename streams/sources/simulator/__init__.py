"""A believable product launch with a complaint crisis in it, made up from a seed: people, posts, shares, sales."""

from streams.sources.simulator.schedule import ACTS
from streams.sources.simulator.story import Event, burst, simulate

__all__ = ["ACTS", "Event", "burst", "simulate"]
