"""Right work in the styles that students write it in, whole libraries or large parts of them.

Each row is a name, the blocks that are written otherwise, patches of what is given, and cells;
`written` makes a submission of it.
"""

from .dtypes import IN_ONE_DTYPE
from .layers import IN_LAYERS
from .networks import IN_NETWORKS
from .optimizers import IN_OPTIMIZERS
from .training import IN_TRAINING
from .writing import written

__all__ = ["ALTERNATIVES", "written"]

ALTERNATIVES = (*IN_LAYERS, *IN_ONE_DTYPE, *IN_NETWORKS, *IN_OPTIMIZERS, *IN_TRAINING)
