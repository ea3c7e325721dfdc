"""Makes the fuzzers in `fuzzing` importable; `benchmarks/fuzz.py` runs them for longer."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
