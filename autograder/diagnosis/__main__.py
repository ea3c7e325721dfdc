"""python -m autograder.diagnosis [SECTION ...]

Writes both tables beside the misconceptions. With sections, only what these concern is worked out
anew, in seconds instead of minutes: say those that you have changed.
"""

import sys

from autograder import checkout
from autograder.diagnosis import costs, hiding

assignment, changed = checkout.assignment(), sys.argv[1:]
if unknown := set(changed) - assignment.by_id.keys():
    sys.exit(f"the rubric has no section called {', '.join(sorted(unknown))}")
hiding.write(assignment, changed)
costs.write(assignment, changed)
