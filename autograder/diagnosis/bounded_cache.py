"""A cache with a limited size, for objects that are reused between submissions."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K")
T = TypeVar("T")


class BoundedCache(Generic[K, T]):
    """A cache that computes missing items and discards the least recently used ones if full."""

    def __init__(self, capacity: int, make: Callable[[K], T], size: Callable[[T], int]) -> None:
        self._free, self._make, self._size = capacity, make, size
        self._held: OrderedDict[K, T] = OrderedDict()

    def __getitem__(self, key: K) -> T:
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        made = self._held[key] = self._make(key)
        self._free -= self._size(made)
        while self._free < 0 and len(self._held) > 1:
            self._free += self._size(self._held.popitem(last=False)[1])
        return made

    def __iter__(self) -> Iterator[K]:
        return iter(self._held)
