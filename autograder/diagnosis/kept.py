"""What is kept from submission to submission, up to a size."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K")
T = TypeVar("T")


class Kept(Generic[K, T]):
    """What was made before, up to a size: what was not asked for longest goes first."""

    def __init__(self, room: int, make: Callable[[K], T], size: Callable[[T], int]) -> None:
        self._room, self._make, self._size = room, make, size
        self._held: OrderedDict[K, T] = OrderedDict()

    def __getitem__(self, key: K) -> T:
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        made = self._held[key] = self._make(key)
        self._room -= self._size(made)
        while self._room < 0 and len(self._held) > 1:
            self._room += self._size(self._held.popitem(last=False)[1])
        return made

    def __iter__(self) -> Iterator[K]:
        return iter(self._held)
