"""The known mistakes, one module per subject, and the library files that they patch."""

LAYERS = "lib/mlp/layer_utils.py"
NETWORKS = "lib/mlp/fully_conn.py"
TRAINING = "lib/mlp/train.py"
OPTIMIZERS = "lib/optim.py"
