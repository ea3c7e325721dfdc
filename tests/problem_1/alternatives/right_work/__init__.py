"""Correct work in the various styles of students: whole libraries, or large parts of them.

Each alternative has a name, the blocks that differ, patches of the given code, and cells. `written`
turns it into a submission.
"""

from .dtypes import IN_ONE_DTYPE
from .layers import IN_LAYERS
from .networks import IN_NETWORKS
from .optimizers import IN_OPTIMIZERS
from .training import IN_TRAINING
from .writing import written

__all__ = ["ALTERNATIVES", "written"]

ALTERNATIVES = (*IN_LAYERS, *IN_ONE_DTYPE, *IN_NETWORKS, *IN_OPTIMIZERS, *IN_TRAINING)
