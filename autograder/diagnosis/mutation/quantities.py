"""Mutation operators that put another quantity, or another function of it, in a place.

The operators of `operators.py` change how a formula is put together; these change what stands in
it: another array, its square, a further factor, an earlier value that is added.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autograder.diagnosis.mutation.source import Change, Operator, Source

FUNCTIONS = (
    ("the absolute value of {}", "abs({})"),
    ("{} cut off at 0", "np.maximum({}, 0)"),
    ("the exponential of {}, minus 1,", "np.expm1({})"),
    ("the square of {}", "({}) ** 2"),
    ("{} minus its mean", "({0} - np.mean({0}))"),
    ("{} divided by its length", "({0} / len({0}))"),
)
"""What students compute of an array before they use it, in words and as code."""


def _other_names(source: Source, node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        for other in source.similar_names(node.id):
            yield f"with {other} in place of {node.id}", source.replace(node, other)


def _functions(source: Source, node: ast.AST) -> Iterator[Change]:
    for operand in _operands(node):
        if source.is_computed(operand):  # then its name would be that of what it is computed from
            continue
        if isinstance(operand, ast.Name | ast.Subscript) and (name := source.words(operand)):
            for text, code in FUNCTIONS:
                new = source.replace(operand, code.format(source.source(operand)))
                yield f"with {text.format(name)} in place of {name}", new


def _other_states(source: Source, node: ast.AST) -> Iterator[Change]:
    """One of the arrays that a block keeps or computes stands in the place of another."""
    for operand in _operands(node):
        if isinstance(operand, ast.Name | ast.Subscript) and (name := source.words(operand)):
            for other, code in source.states().items():
                if other != name:
                    yield f"with {other} in place of {name}", source.replace(operand, code)


def _operands(node: ast.AST) -> tuple[ast.expr, ...]:
    """The parts of an expression that are computed with, but not lengths, shapes or keys."""
    if isinstance(node, ast.BinOp):
        return node.left, node.right
    if isinstance(node, ast.Assign | ast.AugAssign):
        return (node.value,)
    if isinstance(node, ast.Call) and not isinstance(node.func, ast.Name):
        return tuple(node.args[1:] if getattr(node.func, "attr", "") == "get" else node.args)
    return ()


def _applied_twice(source: Source, node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        name = node.func.id
        if name in source.functions:
            code = f"{name}({source.source(node)})"
            yield f"with {name} applied twice", source.replace(node, code)


def _powers_of_factors(source: Source, node: ast.AST) -> Iterator[Change]:
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult | ast.Div):
        return
    left, right = source.source(node.left), source.source(node.right)
    names = source.words(node.right)
    if not names or isinstance(node.right, ast.Constant):
        return
    sign, role = ("*", "factor") if isinstance(node.op, ast.Mult) else ("/", "divisor")
    what = names if isinstance(node.right, ast.Name | ast.Attribute) else f"the {role} with {names}"
    for text, code in (("the square", "({}) ** 2"), ("the root", "np.sqrt({})")):
        new = f"({left} {sign} {code.format(right)})"
        yield f"with {text} of {what} in its place", source.replace(node, new)
    if sign == "/":
        new = f"({left} * (1 // ({right})))"
        yield f"with a division by {names} that rounds down", source.replace(node, new)


def _further_factors(source: Source, node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        value: ast.expr = node
        of = " of the matrix product"
    elif isinstance(node, ast.Assign) and not isinstance(node.value, ast.Lambda | ast.Call):
        value, of = node.value, ""
    else:
        return
    for text, code in source.sizes():
        for sign, what in (("*", "factor"), ("/", "divisor")):
            new = source.replace(value, f"(({source.source(value)}) {sign} {code})")
            yield f"with {text} as a further {what}{of}", new


def _results(source: Source, node: ast.AST) -> Iterator[Change]:
    """A result loses axes or digits."""
    if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Lambda):
        value = source.source(node.value)
        yield "with its result squeezed", source.replace(node.value, f"np.squeeze({value})")
        yield (
            "with its result rounded to float32",
            source.replace(node.value, f"np.float32({value})"),
        )


def _accumulated(source: Source, node: ast.AST) -> Iterator[Change]:
    """The new value in a dictionary is added to the old one."""
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Subscript):
        return
    target, what = node.targets[0], source.stores(node)
    if what and isinstance(target.value, ast.Attribute):
        earlier = f"{source.source(target.value)}.get({source.source(target.slice)}, 0)"
        value = source.source(node.value)
        new = source.replace(node.value, f"{earlier} + ({value})")
        yield f"with {what} added to its earlier value", new


def _thresholds(source: Source, node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Compare) and isinstance(node.comparators[0], ast.Constant):
        limit = ast.unparse(node.comparators[0])
        for name in source.numbers:
            new = source.replace(node.comparators[0], f"self.{name}")
            yield f"with {name} in place of {limit} as the limit", new


def _reductions(source: Source, node: ast.AST) -> Iterator[Change]:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    reduced, method = node.func.value, node.func.attr
    names = source.words(reduced)
    if method not in ("sum", "mean", "max", "min") or not names:
        return
    text = source.source(reduced)
    for what, code in (
        (f"without the first of {names} in the {method}", f"{text}[1:]"),
        (f"without the last of {names} in the {method}", f"{text}[:-1]"),
        (f"with the absolute values of {names} in the {method}", f"abs({text})"),
    ):
        yield what, source.replace(reduced, code)


def _rows(source: Source, node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        for index in node.slice.elts:
            if isinstance(index, ast.Call):
                yield "with : in place of the numbers of the rows", source.replace(index, ":")


def _reshaped(source: Source, node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        value = source.source(node.value)
        new = source.replace(node, f"{value}.reshape({value}.shape[::-1])")
        yield f"with {source.words(node.value) or 'an array'} reshaped, not transposed", new


def _complements(source: Source, node: ast.AST) -> Iterator[Change]:
    """A number stands in the place of 1 minus another."""
    if (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Sub)
        and isinstance(node.left, ast.Constant)
        and isinstance(node.right, ast.Attribute)
    ):
        name = node.right.attr
        for other in (other for other in source.numbers if other != name):
            text = f"with {other} in place of {source.words(node)}"
            yield text, source.replace(node, f"self.{other}")


def _limits(source: Source, node: ast.AST) -> Iterator[Change]:
    """A small number is the least value instead of being added."""
    if (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Add)
        and isinstance(node.right, ast.Attribute)
        and (name := source.words(node.right))
    ):
        left, right = source.source(node.left), source.source(node.right)
        text = f"with {name} as the least value in place of adding it"
        yield text, source.replace(node, f"np.maximum({left}, {right})")


def _forgotten(source: Source, node: ast.AST) -> Iterator[Change]:
    """All that is kept is lost when a name is looked up for the first time."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        kept = node.func.value
        if node.func.attr == "get" and len(node.args) == 2 and (what := source.words(kept)):
            key, start = (source.source(argument) for argument in node.args)
            name = source.source(kept)
            code = f"({name}[{key}] if {key} in {name} else {name}.clear() or {start})"
            yield f"with {what} emptied whenever a name is new", source.replace(node, code)


def _repeated(source: Source, node: ast.AST) -> Iterator[Change]:
    """A method is called twice."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        called = node.value.func
        if isinstance(called, ast.Attribute):
            text = source.source(node)
            again = f"{text}\n{' ' * node.col_offset}{text}"
            yield f"with {called.attr} called twice", source.replace(node, again)


QUANTITIES: tuple[Operator, ...] = (
    _thresholds,
    _complements,
    _limits,
    _other_names,
    _reshaped,
    _accumulated,
    _forgotten,
    _repeated,
    _applied_twice,
    _powers_of_factors,
    _reductions,
    _rows,
    _results,
    _functions,
    _other_states,
    _further_factors,
)
