"""Neighbouring cells as runs: a visit takes ticks in a row, an edit names thousands."""

from collections.abc import Mapping
from typing import Generic, TypeVar

from queue_service.model.world import CellKey

T = TypeVar("T")


class Runs(Generic[T]):
    """Runs of neighbouring ticks of one limit of which the same is said, as columns."""

    def __init__(self, said: Mapping[CellKey, T]) -> None:
        """Join what is said of each cell."""
        self.limit = list[int]()
        self.first = list[int]()
        self.end = list[int]()
        """The tick after the last."""
        self.said = list[T]()
        limit = end = -1
        value: T | None = None
        for key in sorted(said):
            here = said[key]
            if key[1] == end and key[0] == limit and here == value:
                end += 1
                self.end[-1] = end
                continue
            limit, first = key
            end, value = first + 1, here
            self.limit.append(limit)
            self.first.append(first)
            self.end.append(end)
            self.said.append(here)

    def cells(self) -> dict[str, list[int]]:
        """Where they lie, by the names of a statement's parameters."""
        return {"limit": self.limit, "first": self.first, "end": self.end}
