"""What an instructor chose when the autograder was built; it is a file in the zip."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Visibility = Literal["visible", "after_due_date", "after_published"]
NAME = "gradescope.json"


@dataclass(frozen=True)
class Settings:
    """Choices for one assignment on Gradescope.

    Attributes:
        visibility: when students see what they got in each section.
    """

    visibility: Visibility = "visible"

    def as_json(self) -> str:
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def read(cls, folder: Path) -> Settings:
        """What `as_json` wrote."""
        return cls(**json.loads((folder / NAME).read_text("utf-8")))
