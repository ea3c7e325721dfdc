"""python -m autograder.diagnosis"""

from autograder.diagnosis import costs, hiding

hiding.write(hiding.hiders())
costs.write()
