"""The solution library as `lib`."""

from __future__ import annotations

import sys

from autograder.problem_1 import ASSIGNMENT as P1

sys.path.insert(0, str(P1.library))
