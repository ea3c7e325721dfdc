"""What a trained network has learnt: its mistakes, its weights and which digits it confuses."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from lib.mlp.layer_utils import softmax

from .digits import CLASSES, as_picture, digit_of
from .style import QUIET, mosaic, styled, without_axes

FEATURES = 32 * 32 * 3


def published_run() -> np.ndarray:
    """A published run on SVHN: epoch, train_accuracy and val_accuracy, each (30,)."""
    return np.genfromtxt(Path(__file__).with_name("published_run.csv"), delimiter=",", names=True)


def probabilities(model, images: np.ndarray) -> np.ndarray:
    """The network's probability of each class, at test time: images (N, ...) -> (N, 10)"""
    batches = np.array_split(images, max(1, len(images) // 500))
    return np.concatenate([softmax(model.forward(batch, False)) for batch in batches])


def worst_mistakes(found: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """The indices of wrongly classified examples, the surest first: found (N, 10), labels (N,)"""
    wrong = np.flatnonzero(found.argmax(axis=1) != labels)
    return wrong[np.argsort(-found[wrong].max(axis=1), kind="stable")][:count]


@styled
def show_mistakes(model, images: np.ndarray, labels: np.ndarray, count: int = 10) -> None:
    """Draw the wrongly classified images of which the network is surest, with its two guesses."""
    found = probabilities(model, images)
    chosen = worst_mistakes(found, labels, count)
    _, axes = plt.subplots(2, -(-count // 2), figsize=(10, 5), squeeze=False)
    for picture in axes.flat:
        without_axes(picture)
    for picture, index in zip(axes.flat, chosen):
        picture.imshow(as_picture(images[index]))
        picture.set_title(f"is {digit_of(labels[index])}")
        first, second = np.argsort(-found[index])[:2]
        guesses = (f"{digit_of(k)}: {found[index, k]:.0%}" for k in (first, second))
        picture.set_xlabel("guesses " + ", ".join(guesses))
    plt.show()


def first_weights(model) -> np.ndarray:
    """The weights (3072, H) of the first fully connected layer.

    Raises:
        ValueError: the network has none, so it does not read images.
    """
    found = [p for p in model.net.params.values() if p.ndim == 2 and len(p) == FEATURES]
    if not found:
        raise ValueError(f"no layer of this network has {FEATURES} inputs: train a TinyNet first")
    return found[0]


@styled
def show_hidden_units(model, count: int = 20) -> None:
    """Draw the weights of the hidden units with the largest weights, each as an image."""
    weights = first_weights(model)
    strongest = np.argsort(-np.linalg.norm(weights, axis=0))[:count]
    images = (weights[:, unit].reshape(32, 32, 3) for unit in strongest)
    pictures = [0.5 + image / (2 * np.abs(image).max()) for image in images]
    _, axes = plt.subplots(figsize=(10, -(-count // 10)))
    without_axes(axes)
    axes.imshow(mosaic(pictures, 10))
    plt.show()


def confusion(labels: np.ndarray, guesses: np.ndarray) -> np.ndarray:
    """How often each class (row) was taken for each class (column): two (N,) -> (10, 10)"""
    counts = np.zeros((CLASSES, CLASSES), dtype=int)
    np.add.at(counts, (labels, guesses), 1)
    return counts


@styled
def show_confusion(model, images: np.ndarray, labels: np.ndarray) -> None:
    """Draw how often each digit was taken for each digit, coloured by the share of its row."""
    counts = confusion(labels, probabilities(model, images).argmax(axis=1))
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    figure, axes = plt.subplots(figsize=(7, 6))
    picture = axes.imshow(100 * shares, cmap="Blues", vmin=0, vmax=100)
    for row, column in np.ndindex(counts.shape):
        colour = "white" if shares[row, column] > 0.5 else "0.1"
        text = counts[row, column]
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=9)
    names = [digit_of(label) for label in range(CLASSES)]
    axes.set_xticks(range(CLASSES), names)
    axes.set_yticks(range(CLASSES), names)
    axes.set(xlabel="The network's guess", ylabel="The digit in the image")
    figure.colorbar(picture, label="Share of the row (%)").outline.set_edgecolor(QUIET)
    plt.show()
