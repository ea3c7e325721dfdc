"""Probes: code that runs inside the sandbox and exercises a student's library on random inputs.

Student code can import a probe, so a probe contains no expected values and no correct layer code.
It is a generator that yields what it observed after each step. If a step fails, the results of the
steps before it are kept:

    @given(lambda rng: dict(x=rng.normal(size=(12, 15)), dout=rng.normal(size=(12, 15))))
    def leaky_relu_backward(lib, x, dout):
        layer = lib.layer_utils.leaky_relu()
        yield dict(out=layer.forward(x))
        yield dict(dx=layer.backward(dout), x_after=x)

Its name begins with the id of its section. Values are numeric arrays, scalars or `text(...)`.
Besides its random inputs, a probe can request the following through a parameter of that name:

    cells   Mapping[str, str]: the text of the submission's notebook cells by grade id
    data    Mapping[str, np.ndarray]: the training data, memory-mapped copy-on-write

Only this module and the assignment's folder `probes` are copied into the sandbox, so both use
nothing but the standard library and numpy. They keep their module names there: a probe writes
`from autograder.assignment.probe import given`.
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
"""In the sandbox this file has no package around it and is imported as `probe`."""

FROM_THE_SUBMISSION = ("cells", "data")
"""Parameters that are filled from the submission instead of `draw`."""


@dataclass(frozen=True)
class Text:
    """A string that a probe itself provides, such as a layer's kind; never a student's string."""

    value: str


def text(value: str) -> Text:
    """Marks a string as the probe's own. An unmarked string is refused: it may be a student's."""
    return Text(str(value))


@dataclass(frozen=True)
class Probe:
    """One exercise of the student's library.

    Attributes:
        name: the function's name; begins with the id of its section.
        draw: draws the inputs from a seeded generator, identically inside and outside the sandbox.
        run: the generator function `run(lib, **inputs)`, which yields dictionaries.
        asks: which of `cells` and `data` it requests.
        cell: the grade id of the notebook cell that it runs. Without that cell it does not run.
        training: whether it is a training with limits of its own; it runs only if named explicitly.
        free: for each value with dimensions that students choose: those axes, and the maximum size
            of each. A value must otherwise have the reference's shape, or checks reject it.
    """

    name: str
    draw: Callable[[np.random.Generator], Mapping[str, Any]]
    run: Callable[..., Iterator[Mapping[str, Any]]]
    asks: tuple[str, ...]
    training: bool
    cell: str | None = None
    free: Mapping[str, Mapping[int, int]] = field(default_factory=dict, hash=False)

    def inputs(self, key: str) -> dict[str, Any]:
        """The inputs of one grading. Every call draws new arrays, so the caller may modify them.

        The key is derived from the grading seed for use in the sandbox, see `autograder.seeds`.
        """
        return dict(self.draw(np.random.default_rng(_seed(key, self.name))))

    def legacy_seed(self, key: str) -> int:
        """A seed for numpy's global generator, which initialises the layers' parameters."""
        return int(_seed(key, "global " + self.name).generate_state(1)[0])


_registries: dict[str, dict[str, Probe]] = {}
"""For each package, its probes by name."""


def given(
    draw: Callable[[np.random.Generator], Mapping[str, Any]] | None = None,
    *,
    training: bool = False,
    cell: str | None = None,
    free: Mapping[str, Mapping[int, int]] | None = None,
) -> Callable[[Callable[..., Iterator[Mapping[str, Any]]]], Probe]:
    """Turns a generator function into a probe; `draw(rng)` returns its inputs by name.

    With `cell`, the probe runs that notebook cell, and runs only if the submission has it.
    `free={"w": {1: 4096}}` lets students choose the second dimension of the value `w`, from 1 to
    4,096.
    """

    def register(run: Callable[..., Iterator[Mapping[str, Any]]]) -> Probe:
        name, module = run.__name__, run.__module__
        registry = _registries.setdefault(module.rpartition(".")[0], {})
        if not inspect.isgeneratorfunction(run):
            raise TypeError(f"probe {name} must be a generator: yield dict(...)")
        if name in registry and registry[name].run.__module__ != module:
            raise ValueError(f"two probes are named {name}: one in {module}, one in another module")
        parameters = list(inspect.signature(run).parameters)[1:]
        asks = tuple(p for p in parameters if p in FROM_THE_SUBMISSION)
        registry[name] = Probe(
            name, draw or (lambda rng: {}), run, asks, training, cell, free or {}
        )
        return registry[name]

    return register


def probes_in(package: str) -> dict[str, Probe]:
    """The probes of all modules of a package by name, sorted by name."""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        importlib.import_module(f"{package}.{module.name}")
    return dict(sorted(_registries.get(package, {}).items()))


def _seed(key: str, text: str) -> np.random.SeedSequence:
    """A seed that depends on the key and the text alone, so that every process gets the same."""
    return np.random.SeedSequence([int(key, 16), *text.encode()])


class Library:
    """The student's library as a probe sees it: `lib.layer_utils`, `lib.optim`, ...

    If a module could not be imported, accessing it raises the exception of its import. So only the
    probes that need the module fail.
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
