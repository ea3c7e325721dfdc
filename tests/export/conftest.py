"""What platforms make of a filled file is read by `importers`, which stands beside these tests."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))  # for `importers`
