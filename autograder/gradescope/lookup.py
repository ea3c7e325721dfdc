"""Makes the autograder that looks up the results of a graded class, by submission id.

Each result can be opened only in the container of its own submission, see `container.sealed`. The
zip shows which submission ids have a result, and nothing else: no names, no points, and all results
are equally long.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from autograder import checkout
from autograder.gradescope import archive
from autograder.gradescope.container import look_up, results_file, sealed

PACKAGE = "autograder/gradescope/container"
SHIPPED = (
    "autograder/__init__.py",
    "autograder/gradescope/__init__.py",
    *(f"{PACKAGE}/{name}.py" for name in ("__init__", "look_up", "results_file", "sealed")),
)


@dataclass(frozen=True)
class Result:
    """What one submission gets.

    Attributes:
        submission: Gradescope's id of the submission.
        digests: the SHA-256 of each file, by its path in the download.
        content: the content of results.json.
    """

    submission: str
    digests: Mapping[str, str]
    content: Mapping[str, Any]


def entries(results: Iterable[Result]) -> dict[str, bytes]:
    """Everything in the zip, by its path."""
    unfinished = results_file.nothing_judged(
        look_up.NOT_YET, "Your files were received. The results could not be looked up this time."
    )
    return {
        **{name: (checkout.PACKAGE.parent / name).read_bytes() for name in SHIPPED},
        **archive.scripts("lookup"),
        archive.UNFINISHED: results_file.as_json(unfinished).encode(),
        **_sealed(list(results)),
    }


def _sealed(results: list[Result]) -> dict[str, bytes]:
    texts = [results_file.as_json(result.content).encode() for result in results]
    longest = max(map(len, texts), default=0)

    def seal(result: Result, text: bytes) -> bytes:
        own = [digest for name, digest in result.digests.items() if sealed.counts(name)]
        return sealed.seal(text.ljust(longest), result.submission, own)

    with ThreadPoolExecutor() as executor:  # scrypt takes a tenth of a second, without the GIL
        records = executor.map(seal, results, texts)
        return {
            f"{look_up.RESULTS}/{result.submission}": record
            for result, record in zip(results, records, strict=True)
        }
