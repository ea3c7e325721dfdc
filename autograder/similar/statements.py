"""What a block computes: its statements are followed once, with values instead of numbers.

Both branches of an `if` are followed, and a loop once. This is no exact account of the code, and
none is needed: the same code gives the same values, and so does the same code in disguise, mostly.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence

from autograder.similar.expressions import Expressions, Function
from autograder.similar.values import Value, leaf, value


class Followed(Expressions):
    """Follows the statements of a block, and collects the fingerprints of all values in it."""

    def finished(self) -> None:
        """Note what the block leaves in its results: how often each was assigned says nothing."""
        for name, (left, at) in self._left.items():
            self._at = at
            self._noted(value("set", (leaf(name), left)))

    def follow(self, body: Sequence[ast.stmt], text: int) -> None:
        """Follow statements of a text, after those that were followed before."""
        outer, self._at = self._at, (text, 0)
        for statement in body:
            self._statement(statement)
        self._at = outer

    def _statement(self, node: ast.stmt) -> None:
        self._at = self._at[0], node.lineno
        handler: Callable[[ast.stmt], None] = getattr(
            self, f"_do_{type(node).__name__.lower()}", self._do_other
        )
        handler(node)

    def _statements(self, body: Sequence[ast.stmt]) -> None:
        for statement in body:
            self._statement(statement)

    def _do_other(self, node: ast.stmt) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self._value(child)
            elif isinstance(child, ast.stmt):
                self._statement(child)
            elif isinstance(child, ast.ExceptHandler | ast.match_case):
                self._statements(child.body)

    def _do_expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self._value(node.value)

    def _do_assign(self, node: ast.Assign) -> None:
        (first, *_) = node.targets
        if isinstance(first, ast.Tuple) and len(first.elts) == len(_elements(node.value)):
            found = self._values(_elements(node.value))
            for target, each in zip(first.elts, found, strict=True):
                self._bind(target, each)
            return
        updated = self._accumulated(first, node.value)
        found_value = self._value(node.value) if updated is None else updated
        for target in node.targets:
            self._bind(target, found_value)

    def _do_annassign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._bind(node.target, self._value(node.value))

    def _do_augassign(self, node: ast.AugAssign) -> None:
        load = ast.parse(ast.unparse(node.target), mode="eval").body
        whole = ast.BinOp(load, node.op, node.value)
        updated = self._accumulated(node.target, whole)
        self._bind(node.target, self._value(whole) if updated is None else updated)

    def _accumulated(self, target: ast.expr, whole: ast.expr) -> Value | None:
        """`total += x` in a loop is the sum of x."""
        before = self._before_loop
        if not (isinstance(target, ast.Name) and before and target.id in before):
            return None
        if not (isinstance(whole, ast.BinOp) and isinstance(whole.op, ast.Add | ast.Sub)):
            return None
        if not (isinstance(whole.left, ast.Name) and whole.left.id == target.id):
            return None
        total = self._made("sum", self._value(whole.right))
        if isinstance(whole.op, ast.Sub):
            total = self._made("neg", total)
        old = self._names.get(target.id)
        is_empty = old is None or old.operation in ("zeros", "constant 0.0")
        return total if is_empty else self._made("+", old or leaf("none"), total)

    def _bind(self, target: ast.expr, new: Value) -> None:
        if isinstance(target, ast.Name):
            self._names[target.id] = new
            if target.id in self.results and not self._depth:
                self._left[target.id] = new, self._at
        elif isinstance(target, ast.Tuple | ast.List):
            for each, item in zip(target.elts, self._items(new, len(target.elts)), strict=True):
                self._bind(each, item)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, new)
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            self._bind_part(target, target.value, new)
        elif isinstance(target, ast.Attribute | ast.Subscript):
            self._store(self._place(target), new)

    def _items(self, whole: Value, number: int) -> Sequence[Value]:
        """What a value that is unpacked consists of; a function may have returned a tuple."""
        if whole.operation in ("Tuple", "List") and len(whole.operands) == number:
            return whole.operands
        return [self._made(f"item {at}", whole) for at in range(number)]

    def _bind_part(self, target: ast.Subscript, name: ast.Name, new: Value) -> None:
        """`x[i] = new` in a loop is `x = new`, `x[mask] = new` is `x = where(mask, new, x)`."""
        index, old = self._index(target.slice), self._names.get(name.id)
        if index:
            chosen = index[0] if len(index) == 1 else self._made("at", *index)
            new = self._made("where", chosen, new, old or self._value(name))
        self._bind(name, new)

    def _place(self, target: ast.expr) -> Value:
        """Where something is stored, as a value: `self.grads[name]`."""
        if isinstance(target, ast.Attribute):
            return self._made(f".{target.attr}", self._value(target.value))
        assert isinstance(target, ast.Subscript)
        base, index = target.value, self._index(target.slice)
        inner = self._place(base) if isinstance(base, ast.Attribute) else self._value(base)
        return self._made("[]", inner, *index) if index else inner

    def _store(self, place: Value, new: Value) -> None:
        self._places[place.whole] = new
        self._noted(value("set", (place, new)))

    def _do_for(self, node: ast.For) -> None:
        outer = self._before_loop
        self._before_loop = set(self._names)
        self._loop_over(node.target, node.iter)
        self._statements(node.body)
        self._before_loop = outer
        self._statements(node.orelse)

    def _do_if(self, node: ast.If) -> None:
        """Afterwards, what differs between the branches is one or the other."""
        if isinstance(node.test, ast.Constant) and not node.test.value:
            self._statements(node.orelse)
            return
        test = self._value(node.test)
        names, places = dict(self._names), dict(self._places)
        self._statements(node.body)
        yes_names, yes_places = self._names, self._places
        self._names, self._places = dict(names), dict(places)
        self._statements(node.orelse)
        for name in {**yes_names, **self._names}:
            one, other = yes_names.get(name), self._names.get(name)
            one, other = one or self._named(name), other or self._named(name)
            self._names[name] = merged = self._either(test, one, other)
            if merged is not one and merged is not other:
                self._bind(ast.Name(name), merged)
        for place in {**yes_places, **self._places}:
            one, other = yes_places.get(place), self._places.get(place)
            self._places[place] = self._either(test, one, other)

    def _either(self, test: Value, one: Value | None, other: Value | None) -> Value:
        if one is None or other is None or one.whole == other.whole:
            found = one or other
            assert found is not None
            return found
        return self._made("where", test, one, other)

    def _do_functiondef(self, node: ast.FunctionDef) -> None:
        self.functions[node.name] = function = Function(node, self._at[0])
        self._bind(ast.Name(node.name), self._standalone(function))

    def _do_classdef(self, node: ast.ClassDef) -> None:
        self._made("class", *self._values(node.bases))
        self._statements(node.body)

    def _do_return(self, node: ast.Return) -> None:
        self._returned = self._value(node.value)
        if not self._depth:
            self._made("return", self._returned)

    def _do_import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._modules.add(alias.asname or alias.name.partition(".")[0])
            self._evidence("import", alias.name)

    def _do_importfrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self._evidence("import", alias.name)
            if node.module and alias.name in ("special", "linalg", "random"):
                self._modules.add(alias.asname or alias.name)

    def _namedexpr(self, node: ast.NamedExpr) -> Value:
        found = self._value(node.value)
        self._bind(node.target, found)
        return found


def _elements(node: ast.expr) -> list[ast.expr]:
    """The elements of a tuple; none of anything else."""
    return node.elts if isinstance(node, ast.Tuple) else []


def functions_in(body: Sequence[ast.stmt], text: int) -> Iterator[tuple[str, Function]]:
    """The functions and methods that statements define, by name."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, Function(node, text)
        elif isinstance(node, ast.ClassDef):
            yield from functions_in(node.body, text)
