"""Faster allocation of the arrays of a training step."""

from __future__ import annotations

import numpy as np

__all__ = ["keep_freed_memory"]


def keep_freed_memory() -> None:
    """Make the C library reuse the memory of freed arrays.

    On Linux, the C library returns the memory of large arrays to the system when they are freed.
    Getting it back page by page in the next step takes two thirds of Adam's time. The library keeps
    blocks that are smaller than the largest block it has freed so far (up to 32 MiB, see
    M_MMAP_THRESHOLD in mallopt(3)). So this allocates a large block and frees it without using it.
    """
    np.empty(31 * 2**20, dtype=np.uint8)
