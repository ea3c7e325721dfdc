"""The fuzzers stand beside their tests; `benchmarks/fuzz.py` runs them at length."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
