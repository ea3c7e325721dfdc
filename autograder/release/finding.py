"""A problem that the verification of a release found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A failed proof, at one place.

    Attributes:
        proof: the name of the proof: files, fresh, notebook, points, leak, answers, hidden,
            imports, solution or stub; or "left behind" if the sources contradict the rubric.
        path: the file, relative to the release; relative to the checkout for "left behind".
        line: the line in the file, from 1.
        message: what was found and, if that is not obvious, what to do.
    """

    proof: str
    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: [{self.proof}] {self.message}"
