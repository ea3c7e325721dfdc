"""What runs inside the sandbox: probes, which exercise a student's library on drawn inputs.

A probe knows no expected value and holds no correct layer code, because student code can import it.
It is a generator that yields what it saw, step by step; what came before a failing step is kept:

    @given(lambda rng: dict(x=rng.normal(size=(12, 15)), dout=rng.normal(size=(12, 15))))
    def leaky_relu_backward(lib, x, dout):
        layer = lib.layer_utils.leaky_relu()
        yield dict(out=layer.forward(x))
        yield dict(dx=layer.backward(dout), x_after=x)

Its name is the id of its section or begins with it. Values are numeric arrays and scalars, or
`text(...)`. Besides what it draws, a probe may ask, by the name of a parameter, for

    cells   Mapping[str, str]: the text of the submission's notebook cells by grade id
    data    Mapping[str, np.ndarray]: the training data, mapped from files, copied on write

This module and an assignment's folder `probes` are all of the package that stands in the sandbox:
standard library and numpy only. There they are called what they are called here, so that a probe
says `from autograder.assignment.probe import given`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

sys.modules.setdefault("autograder.assignment.probe", sys.modules[__name__])
"""In the sandbox this file lies alone, and is imported as `probe`."""

FROM_THE_SUBMISSION = ("cells", "data")
"""Parameters that a probe may ask for and does not draw."""


@dataclass(frozen=True)
class Text:
    """A string that a probe itself states (a layer's kind, say), never one of a student's."""

    value: str


def text(value: str) -> Text:
    """Marks a string as the probe's own. A bare one is taken for a student's and refused."""
    return Text(str(value))


@dataclass(frozen=True)
class Probe:
    """One exercise of the student's library.

    Attributes:
        name: that of the function; begins with the id of its section.
        draw: inputs from a seeded generator, the same on both sides of the border.
        run: the generator function `run(lib, **inputs)`, yielding dictionaries.
        asks: which of `cells` and `data` it wants.
        cell: the grade id of the notebook cell that it runs, without which it is not asked.
        training: takes minutes and has limits of its own, so it runs only when asked for by name.
        free: by the name of a value, its dimensions whose sizes students choose, and how large
            each may be. A value of any other shape than the reference's is not looked at.
    """

    name: str
    draw: Callable[[np.random.Generator], Mapping[str, Any]]
    run: Callable[..., Iterator[Mapping[str, Any]]]
    asks: tuple[str, ...]
    training: bool
    cell: str | None = None
    free: Mapping[str, Mapping[int, int]] = field(default_factory=dict, hash=False)

    def inputs(self, key: str) -> dict[str, Any]:
        """The inputs of one grading, drawn afresh at every call (the caller may spoil them).

        The key is what the sandbox is told of the grading seed, see `autograder.seeds`.
        """
        return dict(self.draw(np.random.default_rng(_seed(key, self.name))))

    def legacy_seed(self, key: str) -> int:
        """For numpy's global generator, from which the layers draw their initial parameters."""
        return int(_seed(key, "global " + self.name).generate_state(1)[0])


_registries: dict[str, dict[str, Probe]] = {}
"""By the package that they are in, probes by name."""


def given(
    draw: Callable[[np.random.Generator], Mapping[str, Any]] | None = None,
    *,
    training: bool = False,
    cell: str | None = None,
    free: Mapping[str, Mapping[int, int]] | None = None,
) -> Callable[[Callable[..., Iterator[Mapping[str, Any]]]], Probe]:
    """Makes a probe of a generator function; `draw(rng)` returns its inputs by name.

    With `cell`, it runs that notebook cell, and is asked where a submission has one.
    `free={"w": {1: 4096}}` says that the second dimension of what it yields as `w` is a student's
    choice, from 1 to 4,096.
    """

    def register(run: Callable[..., Iterator[Mapping[str, Any]]]) -> Probe:
        name, module = run.__name__, run.__module__
        registry = _registries.setdefault(module.rpartition(".")[0], {})
        if not inspect.isgeneratorfunction(run):
            raise TypeError(f"probe {name} must be a generator: yield dict(...) what it saw")
        if name in registry and registry[name].run.__module__ != module:
            raise ValueError(f"two probes are called {name}: in {module} and elsewhere")
        parameters = list(inspect.signature(run).parameters)[1:]
        asks = tuple(p for p in parameters if p in FROM_THE_SUBMISSION)
        registry[name] = Probe(
            name, draw or (lambda rng: {}), run, asks, training, cell, free or {}
        )
        return registry[name]

    return register


def probes_in(package: str) -> dict[str, Probe]:
    """Every probe by name, in order of name, from every module of a package."""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        importlib.import_module(f"{package}.{module.name}")
    return dict(sorted(_registries.get(package, {}).items()))


def _seed(key: str, text: str) -> np.random.SeedSequence:
    """Depends on the key and the text alone, in every process; numpy mixes the words well."""
    return np.random.SeedSequence([int(key, 16), *text.encode()])


class Library:
    """The student's library as a probe sees it: `lib.layer_utils`, `lib.optim`, ...

    A module that could not be imported raises its own exception when it is touched, so that it
    costs only the probes that need it.
    """

    def __init__(
        self, modules: Mapping[str, ModuleType], failures: Mapping[str, BaseException]
    ) -> None:
        self._modules = {name.rpartition(".")[2]: module for name, module in modules.items()}
        self._failures = {name.rpartition(".")[2]: failure for name, failure in failures.items()}

    def __getattr__(self, name: str) -> ModuleType:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._failures:
            raise self._failures[name]
        try:
            return self._modules[name]
        except KeyError:
            known = ", ".join(sorted({*self._modules, *self._failures}))
            raise AttributeError(f"a library has {known}; not {name}") from None
