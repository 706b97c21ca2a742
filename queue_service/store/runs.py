"""Neighbouring cells as runs: a visit takes ticks in a row, an edit names thousands."""

from collections.abc import Mapping
from typing import TypeVar

from queue_service.model.world import CellKey

T = TypeVar("T")


def runs(said: Mapping[CellKey, T]) -> tuple[dict[str, list[int]], list[T]]:
    """Neighbouring ticks of one limit of which the same is said, in order.

    Where the runs lie, as columns `limit`, `first` and `end` (not included), and what is said of
    each.
    """
    limits, firsts, ends, values = list[int](), list[int](), list[int](), list[T]()
    limit = end = -1
    for key in sorted(said):
        value = said[key]
        if key[1] == end and key[0] == limit and value == values[-1]:
            end += 1
            ends[-1] = end
            continue
        limit, first = key
        end = first + 1
        limits.append(limit)
        firsts.append(first)
        ends.append(end)
        values.append(value)
    return {"limit": limits, "first": firsts, "end": ends}, values
