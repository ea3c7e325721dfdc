"""The packages that the in-container grader needs, in the versions that are installed here.

So the container grades with what the instructor tested, and a later release of a package cannot
break an assignment in mid-term.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable, Iterator, Mapping

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from autograder.sandbox.packages import DISTRIBUTIONS

ENGINE = ("numpy", "pytest", "rich", "sandlock")
"""What grading one submission without a training imports. nbgrader and Jupyter are not among it,
which makes the container smaller by half a gigabyte."""
CONTAINER: Mapping[str, str] = {
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_system": "Linux",
    "sys_platform": "linux",
}


def pinned() -> list[str]:
    """Lines of a requirements.txt: the engine's and the students' packages, and what they need."""
    return sorted(set(_lines()))


def _lines() -> Iterator[str]:
    own = importlib.metadata.requires("autograder") or []
    declared = {canonicalize_name((one := Requirement(line)).name): one for line in own}
    open_names = [*ENGINE, *DISTRIBUTIONS]
    done: set[str] = set()
    while open_names:
        name = canonicalize_name(open_names.pop())
        if name in done:
            continue
        done.add(name)
        try:
            found = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            if name in declared:  # not for this system, such as sandlock on a Mac
                yield f"{declared[name].name}{declared[name].specifier}"
            continue
        yield f"{name}=={found.version}"
        open_names += _needed_by(found.requires or ())


def _needed_by(lines: Iterable[str]) -> Iterator[str]:
    here = {name: str(value) for name, value in default_environment().items()}
    environment = {**here, **CONTAINER, "extra": ""}
    for requirement in map(Requirement, lines):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            yield requirement.name
