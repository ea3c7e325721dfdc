"""What is in the dataset: pictures of digits, and how many there are of each."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from .style import QUIET, mosaic, styled, without_axes

CLASSES = 10
MEAN_GREY = 0.45
"""The mean training image, which `SVHN_data` subtracts, is almost everywhere this grey."""


def digit_of(label: int) -> int:
    """The digit that a class stands for: class k is the digit k + 1, and class 9 is 0."""
    return (int(label) + 1) % CLASSES


def as_picture(image: np.ndarray) -> np.ndarray:
    """An image (32, 32, 3) of `SVHN_data` as colours in 0..1, with about its original brightness"""
    return np.clip(image + MEAN_GREY, 0, 1)


def examples(labels: np.ndarray, count: int) -> list[int | None]:
    """The indices of `count` examples of each class: one of every class, then a second of each...

    None stands for an example that there is not.
    """
    by_class = [np.flatnonzero(labels == label) for label in range(CLASSES)]
    return [
        int(found[row]) if row < len(found) else None for row in range(count) for found in by_class
    ]


@styled
def show_digits(images: np.ndarray, labels: np.ndarray, count: int = 6) -> None:
    """Draw a sheet of images (N, 32, 32, 3): a column per class, headed by its digit."""
    chosen = examples(labels, count)
    pictures = [None if index is None else as_picture(images[index]) for index in chosen]
    _, axes = plt.subplots(figsize=(10, count + 0.4))
    without_axes(axes)
    axes.imshow(mosaic(pictures, CLASSES))
    headings = [f"digit {digit_of(label)}\n(class {label})" for label in range(CLASSES)]
    axes.set_xticks(15.5 + 34 * np.arange(CLASSES), headings, fontsize=9)
    axes.tick_params(length=0, labelbottom=False, labeltop=True)
    plt.show()


def class_shares(labels: np.ndarray) -> np.ndarray:
    """The share of each class (10,) in labels (N,)."""
    return np.bincount(labels, minlength=CLASSES) / len(labels)


@styled
def show_class_balance(**labels: np.ndarray) -> None:
    """Draw the shares of the classes in several sets: `show_class_balance(training=labels)`."""
    _, axes = plt.subplots(figsize=(10, 3))
    width = 0.8 / len(labels)
    for number, (name, values) in enumerate(labels.items()):
        places = np.arange(CLASSES) + (number - (len(labels) - 1) / 2) * width
        axes.bar(places, 100 * class_shares(values), width, label=f"{name} ({len(values):,})")
    axes.axhline(100 / CLASSES, color=QUIET, linestyle="--", label="if all were equally frequent")
    axes.set_xticks(range(CLASSES), [digit_of(label) for label in range(CLASSES)])
    axes.set(xlabel="Digit", ylabel="Share of the images (%)")
    axes.legend()
    plt.show()
