"""Mutation operators: the changes that are possible at a node of the solution's syntax tree.

A change's text follows "your numbers are exactly those of the right formula".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autograder.diagnosis.mutation.quantities import QUANTITIES
from autograder.diagnosis.mutation.source import Change, Operator, Source

SWAPPED_METHODS = {"sum": "mean", "mean": "sum", "max": "min", "min": "max"}
SWAPPED_FUNCTIONS = {
    "maximum": "minimum",
    "minimum": "maximum",
    "exp": "log",
    "log": "log2",
    "sqrt": "square",
}
SWAPPED_COMPARISONS = {ast.Lt: ">", ast.Gt: "<", ast.LtE: ">=", ast.GtE: "<="}


def _signs(source: Source, node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        sign, other = ("+", "-") if isinstance(node.op, ast.Add) else ("-", "+")
        left, right = source.source(node.left), source.source(node.right)
        names = source.words(node.right)
        where = f" before the term with {names}" if names else ""
        yield (
            f"with {other} in place of {sign}{where}",
            source.replace(node, f"({left} {other} ({right}))"),
        )
        for kept, dropped in ((node.left, node.right), (node.right, node.left)):
            what = source.words(dropped)
            text = f"without the term with {what}" if what else "without one of its terms"
            if isinstance(dropped, ast.Constant):
                text = f"without a {'+' if dropped is node.right else ''} {ast.unparse(dropped)}"
                if (names := source.words(kept)) and sign == "-":
                    text = f"with {names} in place of 1 minus it"
            minus = "-" if dropped is node.left and sign == "-" else ""
            yield text, source.replace(node, f"({minus}{source.source(kept)})")
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
        sign, other = ("+", "-") if isinstance(node.op, ast.Add) else ("-", "+")
        target, value = source.source(node.target), source.source(node.value)
        what = source.stores(node) or "a value"
        yield (
            f"with {what} changed in the opposite direction",
            source.replace(node, f"{target} {other}= ({value})"),
        )
        yield f"with {what} never stored", source.replace(node, f"({value})")
    if (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and not isinstance(node.operand, ast.Constant)
    ):
        yield "with the opposite sign", source.replace(node, source.source(node.operand))


def _factors(source: Source, node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        product = isinstance(node.op, ast.Mult)
        left, right = source.source(node.left), source.source(node.right)
        names = source.words(node.right)
        what = ("the factor" if product else "the division by") + (f" {names}" if names else "")
        if not names:
            what = "a factor" if product else "a division"
        yield f"without {what}", source.replace(node, left)
        inverse, text = "*", f"multiplied by {names or 'a factor'} instead of divided"
        if product:
            factors = source.words(node)
            inverse, text = "/", f"with a division in place of a product{_of(factors)}"
        yield text, source.replace(node, f"({left} {inverse} ({right}))")
        if product:
            other = source.words(node.left)
            text = f"without the factor {other}" if other else "without a factor"
            yield text, source.replace(node, right)
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Mult | ast.Div):
        names = source.words(node.value)
        product = isinstance(node.op, ast.Mult)
        what = f" by {names}" if names else ""
        inverse, how = ("/=", "divided") if product else ("*=", "multiplied")
        target, value = source.source(node.target), source.source(node.value)
        was = "multiplication" if product else "division"
        yield f"without a {was}{what}", source.replace(node, "pass")
        yield f"{how}{what} instead", source.replace(node, f"{target} {inverse} ({value})")


def _powers(source: Source, node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        base, names = source.source(node.left), source.words(node.left)
        if isinstance(node.right, ast.Constant):
            yield f"without the square of {names or 'a number'}", source.replace(node, base)
            yield (
                f"with |{names or 'x'}| in place of its square",
                source.replace(node, f"abs({base})"),
            )
            yield f"with the cube of {names or 'a number'}", source.replace(node, f"({base}) ** 3")
        else:
            exponent, power = source.source(node.right), source.words(node.right)
            yield (
                f"with {names} times {power} in place of {names} to the power {power}",
                source.replace(node, f"({base} * {exponent})"),
            )
            yield (
                f"with {names} in place of {names} to the power {power}",
                source.replace(node, base),
            )
            for by in ("+ 1", "- 1"):
                yield (
                    f"with the exponent {power} {by}",
                    source.replace(node, f"({base}) ** ({exponent} {by})"),
                )


def _calls(source: Source, node: ast.AST) -> Iterator[Change]:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    name, called = node.func.attr, node.func.value
    in_numpy = isinstance(called, ast.Name) and called.id == "np"
    if in_numpy and node.args:
        if name in ("sqrt", "exp", "log"):
            yield f"without np.{name}", source.replace(node, f"({source.source(node.args[0])})")
        if name in SWAPPED_FUNCTIONS:
            other = SWAPPED_FUNCTIONS[name]
            yield f"with np.{other} in place of np.{name}", source.replace(node.func, f"np.{other}")
        if name in ("maximum", "minimum"):
            for argument in node.args[:2]:
                if what := source.words(argument):
                    yield (
                        f"with {what} alone, without np.{name}",
                        source.replace(node, f"({source.source(argument)})"),
                    )
    if not in_numpy:
        if name in SWAPPED_METHODS:
            other = SWAPPED_METHODS[name]
            yield (
                f"with a {other} in place of a {name}",
                source.replace(node.func, f"{source.source(called)}.{other}"),
            )
        if name in ("copy", "sum"):
            yield f"without .{name}()", source.replace(node, source.source(called))
        if name == "get" and len(node.args) == 2:
            what = source.words(called) or "the state"
            yield f"with {what} starting at 1", source.replace(node.args[1], "1.0")
            for name, value in source.locals.items():
                if start := source.words(value):
                    text = f"with {what} starting at {start}"
                    yield text, source.replace(node.args[1], name)
            yield f"with {what} starting at 0 in every step", source.replace(node, "0.0")
    for keyword in node.keywords:
        if keyword.arg == "axis":
            axis = ast.literal_eval(keyword.value)
            other_axis = 0 if axis in (-1, 1) else 1
            yield (
                f"with {name} along axis {other_axis}",
                source.replace(keyword.value, str(other_axis)),
            )
            yield f"with {name} over the whole array", source.replace(keyword.value, "None")
        if keyword.arg == "keepdims":
            yield f"without keepdims in {name}", source.replace(keyword.value, "False")


def _matrices(source: Source, node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        names = source.words(node.value)
        yield (
            f"without .T of {names or 'a factor'}",
            source.replace(node, source.source(node.value)),
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        left, right = source.source(node.left), source.source(node.right)
        yield "with the factors of a product exchanged", source.replace(node, f"({right} @ {left})")
        yield "with * in place of a matrix product", source.replace(node, f"({left} * {right})")


def _conditions(source: Source, node: ast.AST) -> Iterator[Change]:
    again = "_again"
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        operator = type(node.ops[0])
        if operator in SWAPPED_COMPARISONS:
            left, right = source.source(node.left), source.source(node.comparators[0])
            names = source.words(node)
            yield (
                f"with the comparison{' of ' + names if names else ''} the other way round",
                source.replace(node, f"({left} {SWAPPED_COMPARISONS[operator]} {right})"),
            )
        if not isinstance(node.comparators[0], ast.Constant):
            for equal, how in (("==", "always"), ("!=", "never")):
                left = source.source(node.left)
                yield (
                    f"with a comparison that {how} holds",
                    source.replace(node, f"(({again} := {left}) {equal} {again})"),
                )
    if isinstance(node, ast.If | ast.IfExp):
        names = source.words(node.test)
        for value in ("True", "False") if names else ():
            how = "held" if value == "True" else "did not hold"
            yield f"as if the condition on {names} always {how}", source.replace(node.test, value)
    if isinstance(node, ast.BoolOp):
        for kept in node.values:
            names = source.words(kept)
            if names:
                yield (
                    f"with only {names} as the condition",
                    source.replace(node, f"({source.source(kept)})"),
                )


def _of(names: str) -> str:
    return f" of {names}" if names else ""


OPERATORS: tuple[Operator, ...] = (
    _conditions,
    _signs,
    _factors,
    _powers,
    _calls,
    _matrices,
    *QUANTITIES,
)
