"""What the project's own tests share: the solution library is importable as `lib`."""

import sys

from autograder import course

sys.path.insert(0, str(course.LIBRARY))
