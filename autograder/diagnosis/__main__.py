"""python -m autograder.diagnosis [SECTION ...]

Writes TABLE.md and hidden.json in the folder of misconceptions. Name the sections that you have
changed to recompute only the entries that depend on them, in seconds instead of minutes.
"""

import sys

from autograder import checkout
from autograder.diagnosis import costs, hiding

assignment, changed = checkout.assignment(), sys.argv[1:]
if unknown := set(changed) - assignment.by_id.keys():
    sys.exit(f"the rubric has no section called {', '.join(sorted(unknown))}")
hiding.write(assignment, changed)
costs.write(assignment, changed)
