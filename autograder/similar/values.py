"""The values that code computes, in a normal form: what is written differently but means the same
becomes one value.

A value is an operation on other values. Names of variables, the order of operands that may be
exchanged, and the choice between an operator, a function and a method leave no trace. Constants
do. Each value has four hashes, of its outermost one, two and three operations and of all of it, so
that two long expressions that differ in one place still share most of their hashes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

DEPTHS = 4
"""Levels of a value's hashes: one, two and three operations deep, and whole."""
COMMUTATIVE = frozenset({"+", "*", "and", "or", "==", "!=", "max", "min"})
SAME = {
    "add": "+",
    "amax": "max",
    "amin": "min",
    "absolute": "abs",
    "concatenate": "stack",
    "divide": "/",
    "dot": "@",
    "empty": "zeros",
    "empty_like": "zeros",
    "hstack": "stack",
    "matmul": "@",
    "maximum": "max",
    "minimum": "min",
    "multiply": "*",
    "negative": "neg",
    "power": "**",
    "random": "rand",
    "random_sample": "rand",
    "square": "square",
    "subtract": "-",
    "transpose": "T",
    "true_divide": "/",
    "vstack": "stack",
    "zeros_like": "zeros",
}
"""Functions that do what an operator or another function does."""


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """An operation on values.

    Attributes:
        operation: its name; of a leaf the name or constant itself.
        operands: the values it works on; none for a leaf.
        hashes: of the operation alone, then at each of the DEPTHS.
    """

    operation: str
    operands: tuple[Value, ...]
    hashes: tuple[int, ...]

    @property
    def whole(self) -> int:
        return self.hashes[-1]


def hashed(*parts: str | int) -> int:
    """The same number in every process, unlike `hash`."""
    text = "\x00".join(map(str, parts))
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def leaf(text: str) -> Value:
    return Value(text, (), (hashed(text),) * (DEPTHS + 1))


def value(operation: str, operands: Sequence[Value]) -> Value:
    """The operation on these operands, exactly as given; see `made`."""
    if not operands:
        return leaf(f"{operation}()")
    hashes = [hashed(operation)]
    for depth in range(DEPTHS):
        inner = [operand.hashes[depth if depth < DEPTHS - 1 else DEPTHS] for operand in operands]
        ordered = sorted(inner) if operation in COMMUTATIVE else inner
        hashes.append(hashed(operation, *ordered))
    return Value(operation, tuple(operands), tuple(hashes))


ZERO, ONE, TWO = (leaf(f"constant {number!r}") for number in (0.0, 1.0, 2.0))


def made(operation: str, operands: Sequence[Value]) -> Value:
    """The operation in its normal form: a difference is a sum, a quotient a product, and so on."""
    operation = SAME.get(operation, operation)
    rule = RULES.get((operation, len(operands)))
    return value(operation, operands) if rule is None else rule(*operands)


def _plus(*operands: Value) -> Value:
    return _chain("+", operands, ZERO)


def _times(*operands: Value) -> Value:
    """A product, with its signs in front."""
    signs = sum(operand.operation == "neg" for operand in operands)
    bare = [one.operands[0] if one.operation == "neg" else one for one in operands]
    product = _chain("*", bare, ONE)
    return _minus(product) if signs % 2 else product


def _chain(operation: str, operands: Iterable[Value], nothing: Value) -> Value:
    """(a + b) + c = a + (b + c), and a + 0 = a."""
    flat: list[Value] = []
    for operand in operands:
        flat += operand.operands if operand.operation == operation else (operand,)
    flat = [operand for operand in flat if operand.whole != nothing.whole]
    if len(flat) == 2 and operation == "*" and flat[0].whole == flat[1].whole:
        return value("**", (flat[0], TWO))
    if len(flat) < 2:
        return flat[0] if flat else nothing
    return value(operation, flat)


def _minus(operand: Value) -> Value:
    if operand.operation == "neg":
        return operand.operands[0]
    return value("neg", (operand,))


def _not(operand: Value) -> Value:
    return operand.operands[0] if operand.operation == "not" else value("not", (operand,))


def _where(condition: Value, yes: Value, no: Value) -> Value:
    if condition.operation == "not":
        return value("where", (condition.operands[0], no, yes))
    return value("where", (condition, yes, no))


def _together(operation: str, rows: Value) -> Value:
    """An array of what was computed for each row is what was computed for all of them."""
    return rows.operands[0] if rows.operation == "each" else value(operation, (rows,))


def _inverse(operand: Value) -> Value:
    return operand.operands[0] if operand.operation == "inv" else value("inv", (operand,))


RULES: Mapping[tuple[str, int], Callable[..., Value]] = {
    ("+", 2): _plus,
    ("-", 2): lambda a, b: _plus(a, _minus(b)),
    ("*", 2): _times,
    ("/", 2): lambda a, b: _times(a, _inverse(b)),
    ("neg", 1): _minus,
    ("square", 1): lambda a: value("**", (a, TWO)),
    ("not", 1): _not,
    ("where", 3): _where,
    (">", 2): lambda a, b: value("<", (b, a)),
    ("<=", 2): lambda a, b: _not(value("<", (b, a))),
    (">=", 2): lambda a, b: _not(value("<", (a, b))),
    ("array", 1): lambda a: _together("array", a),
    ("stack", 1): lambda a: _together("stack", a),
    ("sum", 1): lambda a: value("sum", a.operands if a.operation == "each" else (a,)),
}
