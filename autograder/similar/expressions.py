"""What an expression computes, as a value in normal form.

A variable stands for the value that was last assigned to it, so names, the order of independent
statements and the splitting of expressions leave no trace. A function that the student wrote is
followed into where it is called. The index of a loop is left out of subscripts: in a loop,
`a[i] * 2` is `a * 2`. Nothing is executed, and each step costs fuel, so code of any size ends.
"""

from __future__ import annotations

import ast
import builtins
from collections import defaultdict
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass

from autograder.similar.values import Value, hashed, leaf, made

FUEL = 5_000
"""Values of one block; an ordinary one has a hundred."""
DEEPEST_CALL = 6
LONGEST_CONSTANT = 200
DETAILS = frozenset({"axis", "copy", "dtype", "keepdims", "order", "out", "size"})
"""Arguments that stand beside a value and not in it: a loop over rows has none."""
ORDINARY = frozenset({"constant 0.0", "constant 1.0", "constant 2.0", "constant 0.5"})
OPERATORS: Mapping[type[ast.AST], str] = {
    **{ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@", ast.Pow: "**"},
    **{ast.FloorDiv: "//", ast.Mod: "%", ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "!="},
    **{ast.LShift: "<<", ast.RShift: ">>", ast.And: "and", ast.Or: "or"},
    **{ast.USub: "neg", ast.Not: "not", ast.Invert: "not", ast.UAdd: "+"},
    **{ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="},
    **{ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in"},
}
BUILTINS = frozenset(dir(builtins))
Lines = MutableMapping[int, set[tuple[int, int]]]
"""For each fingerprint, where it is from: (number of the text, line)."""


class Exhausted(Exception):  # noqa: N818 - not an error: the rest of the code is left out
    """The code is larger than anything that is compared."""


@dataclass(frozen=True)
class Function:
    """A function that the student wrote.

    Attributes:
        node: its definition, or a lambda.
        text: the number of the text it is from.
    """

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    text: int


class Expressions:
    """Collects the fingerprints of all values in expressions; see `statements.Followed`.

    Attributes:
        given: names that mean the same to everyone.
        results: of these, names that the code around the block may read.
        functions: what the student wrote, by name.
        found: the fingerprints.
        called: names of the functions that were followed.
    """

    def __init__(
        self,
        given: frozenset[str],
        functions: Mapping[str, Function],
        results: frozenset[str],
    ) -> None:
        self.given = given
        self.results = results
        self.functions = dict(functions)
        self.found: Lines = defaultdict(set)
        self.called: set[str] = set()
        self._names: dict[str, Value] = {}
        self._places: dict[int, Value] = {}
        self._indices: set[str] = set()
        self._left: dict[str, tuple[Value, tuple[int, int]]] = {}
        self._modules = {"np"}
        self._before_loop: set[str] | None = None
        self._returned: Value | None = None
        self._depth = 0
        self._fuel = FUEL
        self._at = (0, 0)

    # values

    def _made(self, operation: str, *operands: Value) -> Value:
        self._fuel -= 1
        if self._fuel < 0:
            raise Exhausted
        return self._noted(made(operation, operands))

    def _noted(self, new: Value) -> Value:
        if new.operands:
            for operand in new.operands:  # a normal form may have made it: a - b is a + (-b)
                if operand.operands and operand.whole not in self.found:
                    self._noted(operand)
            for each in new.hashes[1:]:
                self.found[each].add(self._at)
        return new

    def _evidence(self, *parts: str | int) -> None:
        self.found[hashed(*parts)].add(self._at)

    def _read(self, place: Value) -> Value:
        return self._places.get(place.whole, place)

    # expressions

    def _value(self, node: ast.AST | None) -> Value:
        if node is None:
            return leaf("none")
        handler: Callable[[ast.AST], Value] = getattr(
            self, f"_{type(node).__name__.lower()}", self._other
        )
        return handler(node)

    def _values(self, nodes: Sequence[ast.AST | None]) -> list[Value]:
        return [self._value(node) for node in nodes]

    def _other(self, node: ast.AST) -> Value:
        children = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        return self._made(type(node).__name__, *self._values(children))

    def _constant(self, node: ast.Constant) -> Value:
        constant = node.value
        if isinstance(constant, int | float) and not isinstance(constant, bool):
            try:
                constant = float(constant)
            except OverflowError:
                constant = "huge"
        found = leaf(f"constant {constant!r}"[:LONGEST_CONSTANT])
        if found.operation not in ORDINARY and not isinstance(constant, bool | None):
            self._evidence(found.operation)
        return found

    def _name(self, node: ast.Name) -> Value:
        return self._named(node.id)

    def _named(self, name: str) -> Value:
        """What a variable stands for; itself if the code around the block assigned it."""
        if name in self._names:
            return self._names[name]
        known = name in self.given or name in BUILTINS
        return leaf(name if known else "some variable")

    def _attribute(self, node: ast.Attribute) -> Value:
        if self._is_module(node.value):
            return leaf(node.attr)
        base = self._value(node.value)
        return self._read(self._made("T" if node.attr == "T" else f".{node.attr}", base))

    def _subscript(self, node: ast.Subscript) -> Value:
        base, index = self._value(node.value), self._index(node.slice)
        if base.operation == ".shape" and ast.unparse(node.slice) == "0":
            return self._made("len", *base.operands)
        return self._read(self._made("[]", base, *index)) if index else self._read(base)

    def _index(self, node: ast.expr) -> list[Value]:
        """What selects something: not a loop's index, a whole axis or a new one."""
        parts = node.elts if isinstance(node, ast.Tuple) else [node]
        return self._values([part for part in parts if not self._selects_nothing(part)])

    def _selects_nothing(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Slice):
            return node.lower is None and node.upper is None and node.step is None
        if isinstance(node, ast.Constant):
            return node.value is None or node.value is Ellipsis
        if isinstance(node, ast.Name):
            return node.id in self._indices
        return isinstance(node, ast.Attribute) and node.attr == "newaxis"

    def _slice(self, node: ast.Slice) -> Value:
        return self._made("slice", *self._values([node.lower, node.upper, node.step]))

    def _binop(self, node: ast.BinOp) -> Value:
        return self._made(OPERATORS[type(node.op)], *self._values([node.left, node.right]))

    def _unaryop(self, node: ast.UnaryOp) -> Value:
        operand = self._value(node.operand)
        return operand if isinstance(node.op, ast.UAdd) else self._made(_name_of(node.op), operand)

    def _boolop(self, node: ast.BoolOp) -> Value:
        return self._made(_name_of(node.op), *self._values(node.values))

    def _compare(self, node: ast.Compare) -> Value:
        sides = self._values([node.left, *node.comparators])
        found = [
            self._made(_name_of(operator), *sides[at : at + 2])
            for at, operator in enumerate(node.ops)
        ]
        return found[0] if len(found) == 1 else self._made("and", *found)

    def _ifexp(self, node: ast.IfExp) -> Value:
        return self._made("where", *self._values([node.test, node.body, node.orelse]))

    def _lambda(self, node: ast.Lambda) -> Value:
        return self._standalone(Function(node, self._at[0]))

    def _listcomp(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> Value:
        self._generators(node.generators)
        return self._made("each", self._value(node.elt))

    _generatorexp = _setcomp = _listcomp

    def _dictcomp(self, node: ast.DictComp) -> Value:
        self._generators(node.generators)
        return self._made("dict of", self._value(node.value))

    def _generators(self, generators: Sequence[ast.comprehension]) -> None:
        for each in generators:
            self._loop_over(each.target, each.iter)
            self._values(each.ifs)

    def _starred(self, node: ast.Starred) -> Value:
        return self._value(node.value)

    # loops

    def _loop_over(self, target: ast.expr, iterable: ast.expr) -> None:
        """One step of a loop: its index selects nothing, and an element stands for the whole."""
        name, arguments = "", [iterable]
        if isinstance(iterable, ast.Call):
            name, _ = self._called(iterable.func)
            if name in ("items", "values", "keys") and isinstance(iterable.func, ast.Attribute):
                arguments = [iterable.func.value]
            elif name in ("range", "ndindex", "enumerate", "zip", "reversed", "list", "sorted"):
                arguments = list(iterable.args)
        found = self._values(arguments)
        index = leaf("index")
        first = found[0] if found else index
        if name in ("range", "ndindex"):
            self._evidence("range", *(each.whole for each in found))
            self._bind_loop(target, [index])
        elif name in ("enumerate", "items"):
            self._bind_loop(target, [index, first])
        elif name == "zip":
            self._bind_loop(target, found)
        else:
            self._bind_loop(target, [first])

    def _bind_loop(self, target: ast.expr, values: list[Value]) -> None:
        parts = target.elts if isinstance(target, ast.Tuple) else [target]
        for at, part in enumerate(parts):
            for name in (n.id for n in ast.walk(part) if isinstance(n, ast.Name)):
                self._indices.add(name)
                self._names[name] = values[at] if at < len(values) else values[-1]

    # calls

    def _call(self, node: ast.Call) -> Value:
        name, receiver = self._called(node.func)
        positional = [
            part
            for argument in node.args
            for part in (argument.elts if isinstance(argument, ast.Tuple) else [argument])
        ]
        if self._is_own(name, node.func):
            return self._inlined(name, receiver, node)
        arguments = [*receiver, *self._values(positional)]
        details = []
        for keyword in node.keywords:
            found = self._value(keyword.value)
            if keyword.arg in DETAILS:
                details.append((keyword.arg, found))
            else:
                arguments.append(found)
        if name == "append" and len(arguments) == 2 and isinstance(node.func, ast.Attribute):
            return self._appended(node.func.value, arguments[1])
        result = self._made(name, *arguments)
        for detail, found in details:
            self._evidence(name, detail, found.whole)
        return result

    def _is_own(self, name: str, called: ast.expr) -> bool:
        """Whether a function is called that the student wrote."""
        if name not in self.functions or self._depth >= DEEPEST_CALL:
            return False
        if isinstance(called, ast.Attribute):
            of_self = isinstance(called.value, ast.Name) and called.value.id == "self"
            return of_self or self._is_module(called.value)
        return isinstance(called, ast.Name)

    def _called(self, function: ast.expr) -> tuple[str, list[Value]]:
        """The name of what is called, and the object whose method it is."""
        if isinstance(function, ast.Name):
            return function.id, []
        if isinstance(function, ast.Attribute):
            is_plain = self._is_module(function.value)
            return function.attr, [] if is_plain else [self._value(function.value)]
        return "call", [self._value(function)]

    def _appended(self, target: ast.expr, item: Value) -> Value:
        """`rows.append(row)` in a loop is `[row for ...]`."""
        each = self._made("each", item)
        if isinstance(target, ast.Name):
            self._names[target.id] = each
        return each

    def _is_module(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Attribute):  # scipy.special
            return self._is_module(node.value)
        return isinstance(node, ast.Name) and node.id in self._modules

    def _inlined(self, name: str, receiver: list[Value], node: ast.Call) -> Value:
        self.called.add(name)
        function = self.functions[name]
        parameters = [argument.arg for argument in function.node.args.args]
        arguments = self._values(node.args)
        if receiver and len(parameters) == len(arguments) + len(node.keywords) + 1:
            arguments = [*receiver, *arguments]
        bound = dict(zip(parameters, arguments, strict=False))
        bound |= {k.arg: self._value(k.value) for k in node.keywords if k.arg}
        return self._result(function, bound)

    def _standalone(self, function: Function) -> Value:
        """The value of a function as such, with numbered parameters."""
        arguments = function.node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        bound = {argument.arg: leaf(f"parameter {at}") for at, argument in enumerate(every)}
        return self._made("function", self._result(function, bound))

    def _result(self, function: Function, bound: Mapping[str, Value]) -> Value:
        outer = self._names, self._returned, self._at, self._before_loop
        self._names, self._returned = {**self._names, **bound}, None
        self._before_loop = None
        self._depth += 1
        if isinstance(function.node, ast.Lambda):
            self._returned = self._value(function.node.body)
        elif self._depth <= DEEPEST_CALL:
            self.follow(function.node.body, function.text)
        found = self._returned or leaf("none")
        self._depth -= 1
        self._names, self._returned, self._at, self._before_loop = outer
        return found

    def follow(self, body: Sequence[ast.stmt], text: int) -> None:
        """Follow the statements of a function."""
        raise NotImplementedError


def _name_of(operator: ast.AST) -> str:
    return OPERATORS[type(operator)]
