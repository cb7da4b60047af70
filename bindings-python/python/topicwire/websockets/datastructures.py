"""HTTP headers: a mapping that knows no case, and may have several values under one name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any, Protocol, TypeAlias

__all__ = ["Headers", "HeadersLike", "MultipleValuesError"]


class MultipleValuesError(LookupError):
    """A header was asked for that has several values; use `get_all`."""

    def __str__(self) -> str:
        return repr(self.args[0]) if len(self.args) == 1 else super().__str__()


class Headers(MutableMapping[str, str]):
    """HTTP headers. Assigning adds a value; `get_all` and `raw_items` show several."""

    __slots__ = ("_items",)

    def __init__(self, *args: HeadersLike, **kwargs: str) -> None:
        self._items: list[tuple[str, str]] = []
        self.update(*args, **kwargs)

    def __str__(self) -> str:
        return "".join(f"{name}: {value}\r\n" for name, value in self._items) + "\r\n"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._items!r})"

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.get_all(name))

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.lower() for name, _ in self._items))

    def __len__(self) -> int:
        return len({name.lower() for name, _ in self._items})

    def __getitem__(self, name: str) -> str:
        values = self.get_all(name)
        if not values:
            raise KeyError(name)
        if len(values) > 1:
            raise MultipleValuesError(name)
        return values[0]

    def __setitem__(self, name: str, value: str) -> None:
        self._items.append((name, value))

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self._items = [item for item in self._items if item[0].lower() != name.lower()]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Headers):
            return NotImplemented
        return {name: self.get_all(name) for name in self} == {name: other.get_all(name) for name in other}

    __hash__ = None  # type: ignore[assignment]

    def copy(self) -> Headers:
        """Another with the same headers."""
        return Headers(self)

    def clear(self) -> None:
        """Remove all."""
        self._items = []

    def update(self, *args: Any, **kwargs: str) -> None:
        """Add those of a mapping, of pairs, or of keyword arguments."""
        super().update(*(arg.raw_items() if isinstance(arg, Headers) else arg for arg in args), **kwargs)

    def get_all(self, name: str) -> list[str]:
        """All values under a name, perhaps none."""
        return [value for known, value in self._items if known.lower() == name.lower()]

    def raw_items(self) -> Iterator[tuple[str, str]]:
        """All names and values, in order."""
        return iter(self._items)


class SupportsKeysAndGetItem(Protocol):
    """What `dict` can be made from."""

    def keys(self) -> Iterable[str]:
        """Names."""
        ...

    def __getitem__(self, key: str) -> str: ...


HeadersLike: TypeAlias = Headers | Mapping[str, str] | Iterable[tuple[str, str]] | SupportsKeysAndGetItem
"""What is accepted where headers are expected."""
