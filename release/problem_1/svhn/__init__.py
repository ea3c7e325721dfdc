"""SVHN, the street view house numbers, and a synthetic twin of it.

This folder stands by itself: it is shipped to students as it is, beside ``get_datasets.py``.
Names are imported where they are first used, so that ``import svhn`` costs nothing.
"""

from importlib import import_module
from typing import Any

from .errors import DataError

_HOMES = {
    "download": "fetch",
    "draw": "twin",
    "sample": "twin",
    "preview": "sheet",
    "identify": "files",
    "Identity": "files",
    "main": "command",
}
__all__ = ["DataError", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
