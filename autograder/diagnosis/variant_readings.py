"""What probes observe of the solution with variants applied, kept between submissions."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.assignment import Assignment
from autograder.assignment.probe import Library
from autograder.assignment.variant import Variant
from autograder.diagnosis.bounded_cache import BoundedCache
from autograder.diagnosis.in_process import load, run_trusted
from autograder.diagnosis.same import Reading, differences, read
from autograder.diagnosis.variants import applied
from autograder.observation.observe import Observation
from autograder.seeds import key_of

LIBRARIES, COMPARISONS, READINGS = 64, 8192, 64 * 2**20
"""Cache sizes: the numbers of libraries and comparisons, and the bytes of readings."""


Combination = tuple[Variant, ...]


class VariantReadings:
    """What probes observe of the solution with variants applied, for one seed."""

    def __init__(self, assignment: Assignment, seed: int) -> None:
        self._assignment = assignment
        self._seed = seed
        self._drawn_inputs: dict[str, Mapping[str, Any]] = {}
        self._of_solution: dict[str, Observation] = {}
        self._readings_of_solution: dict[str, Reading] = {}
        self._seconds: dict[str, float] = {}
        self._libraries = BoundedCache(LIBRARIES, self._load, lambda library: 1)
        self._arrays_of_solution: set[int] = set()
        self.readings = BoundedCache(READINGS, self._read_variant, self.bytes_of)
        """Readings by variants and probe. Incompatible variants raise PatchDoesNotApply."""
        self._differences = BoundedCache(COMPARISONS, self._compare, lambda names: 1)

    def read(self, seen: Observation) -> Reading:
        """The reading of an observation of any library."""
        special = self._assignment.special.get(seen.probe)
        return read(seen, self.inputs(seen.probe), self._solution(seen.probe), special)

    def observation(self, combination: Combination, probe: str) -> Observation:
        """What a probe observes of the solution with these variants."""
        return self._observe(combination, probe) if combination else self._solution(probe)

    def shows(self, combination: Combination, base: Combination, probe: str) -> frozenset[str]:
        """The values of a probe that differ between the two combinations."""
        return self._differences[combination, base, probe]

    def _compare(self, key: tuple[Combination, Combination, str]) -> frozenset[str]:
        combination, base, probe = key
        return differences(self.readings[combination, probe], self.readings[base, probe])

    def _read_variant(self, key: tuple[Combination, str]) -> Reading:
        combination, probe = key
        if not combination:
            return self._reading_of_solution(probe)
        return self._shared(self.read(self._observe(combination, probe)), probe)

    def _shared(self, reading: Reading, probe: str) -> Reading:
        """The reading with the solution's own arrays in place of equal ones.

        A variant leaves most values as they are, so several times as many readings can be kept.
        """
        right = self._reading_of_solution(probe).values
        values = {
            name: right[name] if name in right and _identical(value, right[name]) else value
            for name, value in reading.values.items()
        }
        return replace(reading, values=values)

    def _reading_of_solution(self, probe: str) -> Reading:
        if probe not in self._readings_of_solution:
            reading = self._readings_of_solution[probe] = self.read(self._solution(probe))
            self._arrays_of_solution |= {id(value) for value in reading.values.values()}
        return self._readings_of_solution[probe]

    def bytes_of(self, reading: Reading) -> int:
        """The approximate size of a reading without the solution's arrays, with its objects."""
        own = (v for v in reading.values.values() if id(v) not in self._arrays_of_solution)
        return 1024 + sum(256 + value.nbytes for value in own)

    def _solution(self, probe: str) -> Observation:
        if probe not in self._of_solution:
            started = time.perf_counter()
            self._of_solution[probe] = self._observe((), probe)
            self._seconds[probe] = time.perf_counter() - started
        return self._of_solution[probe]

    def quick_first(self, probes: Iterable[str]) -> list[str]:
        """Probes by the time they take. The order affects nothing but the time of a comparison."""
        for probe in (probes := list(probes)):
            self._solution(probe)
        return sorted(probes, key=lambda probe: self._seconds[probe])

    def _observe(self, combination: Combination, probe: str) -> Observation:
        library, cells = self._libraries[combination]
        return run_trusted(library, cells, self._assignment.probes[probe], self._seed)

    def inputs(self, probe: str) -> Mapping[str, Any]:
        """A probe's inputs."""
        if probe not in self._drawn_inputs:
            self._drawn_inputs[probe] = self._assignment.probes[probe].inputs(key_of(self._seed))
        return self._drawn_inputs[probe]

    def _load(self, combination: Combination) -> tuple[Library, Mapping[str, str]]:
        submission = applied(self._assignment, combination)
        return load(self._assignment, submission.files), submission.cells


def _identical(one: np.ndarray, other: np.ndarray) -> bool:
    same_kind = one.dtype == other.dtype and one.shape == other.shape
    return same_kind and one.tobytes() == other.tobytes()


@lru_cache(maxsize=2)
def variant_readings(assignment: Assignment, seed: int) -> VariantReadings:
    """The readings for a grading seed, kept between submissions.

    Two are kept, because a class has one seed and a resubmission may have another.
    """
    return VariantReadings(assignment, seed)
