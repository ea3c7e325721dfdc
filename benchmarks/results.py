"""Keep each benchmark's section of RESULTS.md between its own markers."""

import platform
import re
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
HEADER = "# Results\n\nMeasured by the scripts of this folder; each writes its own section.\n"


def write_section(name: str, text: str) -> None:
    """Put ``text`` between the markers of ``name``, in place of what is there, or at the end."""
    opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
    section = f"{opening}\n{text.strip()}\n{closing}"
    old = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else HEADER
    pattern = re.compile(re.escape(opening) + ".*?" + re.escape(closing), re.DOTALL)
    new, found = pattern.subn(lambda _: section, old)
    RESULTS.write_text(new if found else f"{old.rstrip()}\n\n{section}\n", encoding="utf-8")


def machine() -> str:
    """The versions a figure may depend on."""
    import numpy

    return f"Python {platform.python_version()}, numpy {numpy.__version__}, {platform.system()}"
