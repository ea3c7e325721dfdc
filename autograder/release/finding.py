"""What a proof of the release found wrong."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A failed proof, at one place.

    Attributes:
        proof: the name of the proof: files, fresh, notebook, points, leak, answers, hidden,
            imports, solution or stub; "left behind" where the sources contradict the rubric.
        path: the file, from the release's folder; from the checkout where it was left behind.
        line: its line, from 1.
        message: what was found, and what to do where that is not plain.
    """

    proof: str
    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: [{self.proof}] {self.message}"
