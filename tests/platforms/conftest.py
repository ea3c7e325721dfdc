import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))  # for `people`, `downloads`, `rosters` and `uploads`
