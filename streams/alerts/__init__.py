"""Alerts and cases as values: what a verdict, an act or the time makes of them. Pure: `now` is an argument."""
