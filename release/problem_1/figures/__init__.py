"""The figures of the notebook.

You need not read this to solve the assignment. Each function takes arrays, a network or optimizers,
and draws one figure. What the figures show is computed by functions of their own.
"""

from .descent import show_learning_rates, show_paths
from .digits import show_class_balance, show_digits
from .gradients import show_chain_rule, show_gradient_check
from .trained import published_run, show_confusion, show_hidden_units, show_mistakes

__all__ = [
    "published_run",
    "show_chain_rule",
    "show_class_balance",
    "show_confusion",
    "show_digits",
    "show_gradient_check",
    "show_hidden_units",
    "show_learning_rates",
    "show_mistakes",
    "show_paths",
]
