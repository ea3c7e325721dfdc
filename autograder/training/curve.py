"""What the validation accuracies of a training that fell short look like, in words."""

from __future__ import annotations

from collections.abc import Sequence

LITTLE = 0.01
"""A difference of accuracies that is not worth a sentence."""


def shape_of(curve: Sequence[float], chance: float) -> str:
    """One sentence about a curve of accuracies, one per epoch; empty if nothing stands out.

    `chance` is the accuracy of always predicting the most frequent class.
    """
    if not curve:
        return ""
    best, last = max(curve), curve[-1 - len(curve) // 4 :]
    if best <= chance + LITTLE:
        return "In no epoch is the accuracy above that of guessing, so nothing was learnt."
    if curve[-1] == best and best - last[0] > LITTLE:
        return "The accuracy still rises in the last epochs, so more epochs may reach more."
    if best - curve[-1] > 3 * LITTLE:
        epoch = curve.index(best) + 1
        return (
            f"The accuracy is highest after epoch {epoch} of {len(curve)} and falls after it: the "
            "network overfits, or the steps have become too large."
        )
    if max(last) - min(last) <= 2 * LITTLE:
        return "In the last epochs the accuracy hardly changes: more of them would hardly help."
    return ""
