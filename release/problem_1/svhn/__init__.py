"""SVHN, the street view house numbers, and a synthetic twin of it.

This folder is independent of the rest: students receive it as it is, next to ``get_datasets.py``.
Modules are imported when a name is first used, so that ``import svhn`` is fast.
"""

from importlib import import_module
from typing import Any

from .errors import DataError

_MODULE_OF = {
    "download": "fetch",
    "draw": "twin",
    "sample": "twin",
    "preview": "sheet",
    "identify": "files",
    "Identity": "files",
    "main": "command",
}
__all__ = ["DataError", *_MODULE_OF]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)
