"""python -m autograder.variants"""

from autograder.costs import write

write()
