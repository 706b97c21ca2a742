"""Neighbouring cells as runs: a visit takes ticks in a row, an edit names thousands."""

from collections.abc import Mapping

from queue_service.model.world import CellKey


def runs(said: Mapping[CellKey, tuple[int, ...]], *names: str) -> dict[str, list[int]]:
    """What is said of cells, as columns `limit`, `first`, `end` (not included) and those `names`.

    A run holds neighbouring ticks of one limit of which the same is said; empty when nothing is.
    """
    found: list[tuple[int, ...]] = []
    limit, first, end, values = 0, 0, 0, tuple[int, ...]()
    for (at, tick), here in sorted(said.items()):
        if found and tick == end and at == limit and here == values:
            end = tick + 1
            found[-1] = (limit, first, end, *values)
            continue
        limit, first, end, values = at, tick, tick + 1, here
        found.append((limit, first, end, *values))
    columns = ("limit", "first", "end", *names)
    return {name: [run[n] for run in found] for n, name in enumerate(columns)}
