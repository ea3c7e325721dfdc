"""Self-contained HTML pages: one file, no external resources, everything escaped.

A page has at most one script, a file of this package. The page's Content-Security-Policy names the
script by its hash, so a browser runs no other.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

TEMPLATES = Path(__file__).with_name("templates")


def page(template: str, *, script: str | None = None, **values: Any) -> str:
    """Render a template of this package, which may contain this script."""
    source = Markup((TEMPLATES / script).read_text("utf-8")) if script else None
    return _environment().get_template(template).render(script=source, **values)


def _digest(script: str) -> str:
    """The hash by which a Content-Security-Policy allows a script."""
    return f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("autograder.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["digest"] = _digest
    environment.filters["points"] = lambda value: f"{value:g}"
    return environment
