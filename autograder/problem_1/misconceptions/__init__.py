"""What can be said about wrong work, one module per subject.

VARIANTS  known mistakes, as patches of the library
WORDS     what the values of each probe are called, for statements about numbers
SYMPTOMS  statements that need to know what the code is for
"""

LAYERS = "lib/mlp/layer_utils.py"
NETWORKS = "lib/mlp/fully_conn.py"
TRAINING = "lib/mlp/train.py"
OPTIMIZERS = "lib/optim.py"

EXAMPLES = "the number of examples"
ONE_EXAMPLE = "for a single example"
