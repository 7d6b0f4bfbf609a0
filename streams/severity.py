"""How bad an alert or a case is: 蓝, 黄, 橙, 红, by name 一般, 较大, 重大, 特别重大."""

from typing import Literal, get_args

Severity = Literal["blue", "yellow", "orange", "red"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From the least to the worst."""
