"""`python tests/on_tiny.py grade ...` is `autograder grade ...` on the tiny assignment."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

if __name__ == "__main__":  # not in workers, which import this file
    from tiny_assignment import ASSIGNMENT

    from autograder import checkout
    from autograder.cli import app

    checkout.assignment = lambda: ASSIGNMENT
    app()
