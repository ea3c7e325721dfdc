"""Names a factor by the numbers that a probe's inputs suggest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations

CLOSE = 1e-3
"""Two factors this close to each other cannot be told apart with confidence."""

PLAIN = {"two": 2.0, "a half": 0.5, "255": 255.0, "1 / 255": 1 / 255}


def named_factor(
    factor: float, numbers: Mapping[str, float], tolerance: float = CLOSE
) -> str | None:
    """The factor in words; None if no expression gives it, or several do.

    Args:
        factor: what a student's values are multiplied by.
        numbers: numbers by noun phrase, see `Described.numbers`.
        tolerance: relative to the factor.
    """
    near = [text for text, value in _expressions(numbers) if _close(value, factor, tolerance)]
    return near[0] if len(near) == 1 else None


def _close(one: float, other: float, tolerance: float) -> bool:
    return abs(one - other) <= tolerance * abs(other)


def _expressions(numbers: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    for text, value in _positive(numbers):
        yield text, value
        yield f"minus {text}", -value


def _positive(numbers: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    yield from PLAIN.items()
    for (one, a), (other, b) in permutations(numbers.items(), 2):
        if b:
            yield f"({one}) / ({other})", a / b
    for name, number in numbers.items():
        yield name, number
        if number == 0:
            continue
        yield f"1 / ({name})", 1 / number
        yield f"the square of {name}", number**2
        if 0 < number < 1:
            yield f"1 - ({name})", 1 - number
            yield f"1 / (1 - {name})", 1 / (1 - number)
            yield f"1 + {name}", 1 + number
