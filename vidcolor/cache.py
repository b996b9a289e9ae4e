"""Things made from files and kept while there is room: each is made once, however many threads ask for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Cache(Generic[Value]):
    """Values by key. Those longest unused are let go where they fill more than `room` bytes; one is always kept."""

    def __init__(self, room: int, size: Callable[[Value], int]) -> None:
        """`size` answers the bytes of a value."""
        self._room, self._size = room, size
        self._kept: OrderedDict[Hashable, Value] = OrderedDict()
        self._bytes = 0
        self._makers: dict[Hashable, threading.Lock] = {}
        self._guard = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of the key, made now if it is not kept; threads that ask meanwhile wait."""
        with self._guard:
            maker = self._makers.setdefault(key, threading.Lock())
        with maker:
            with self._guard:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
            value = make()
            with self._guard:
                self._keep(key, value)
            return value

    def let_go(self, of: Callable[[Hashable], bool]) -> None:
        """Lets go of the values of those keys; they are made again where they are asked for again."""
        with self._guard:
            for key in [key for key in self._kept if of(key)]:
                self._bytes -= self._size(self._kept.pop(key))

    def _keep(self, key: Hashable, value: Value) -> None:
        self._kept[key] = value
        self._bytes += self._size(value)
        while self._bytes > self._room and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= self._size(dropped)
