"""python -m autograder.diagnosis"""

from autograder import checkout
from autograder.diagnosis import costs, hiding

hiding.write(checkout.assignment())
costs.write(checkout.assignment())
