"""Compares statistics of the synthetic twin with those of the real SVHN.

    python benchmarks/twin_statistics.py [--data DIR] [--fast]

The real figures (``svhn_figures.json``) were measured on 1,083 images. The twin's are means over
several samples of the same size; the largest deviation of a sample shows the effect of chance.
Needs scikit-learn and scikit-image (``pip install .[bench]``) and about six minutes; ``--fast``
leaves the two networks out. The exit status is 1 if a figure is out of its bounds.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from results import machine, write_section
from tqdm import tqdm

from autograder.problem_1.svhn import draw, identify
from autograder.problem_1.svhn.recipe import RECIPE

HERE = Path(__file__).parent
SAMPLES, ACCURACY_SAMPLES = 8, 3
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
VARIANCE = (0.5, 0.8, 0.9, 0.95, 0.99)
TO_GRAY = np.array([0.299, 0.587, 0.114])
# Relative bounds on the median and on the quantiles at 5 and 95%; an absolute bound on accuracies.
BOUNDED = ("brightness", "contrast", "horizontal gradient", "vertical gradient", "energy beyond")
MEDIAN, TAIL, ACCURACY = 0.2, 0.5, 0.08


def pictures(images: np.ndarray, digits: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Statistics of images (n, 32, 32, 3) uint8, named as in svhn_figures.json."""
    rgb = images / 255
    gray = rgb @ TO_GRAY
    spatial = (1, 2)
    yield "mean of red, green, blue", rgb.mean((0, 1, 2))
    yield "standard deviation of red, green, blue", rgb.std((0, 1, 2))
    correlation = np.corrcoef(rgb.reshape(-1, 3), rowvar=False)
    yield "correlation of red-green, red-blue, green-blue", correlation[[0, 0, 1], [1, 2, 2]]
    yield "brightness", quantiles(gray.mean(spatial))
    yield "contrast", quantiles(gray.std(spatial))
    yield "saturation", quantiles(np.ptp(rgb, axis=3).mean(spatial))
    yield "horizontal gradient", quantiles(np.abs(np.diff(gray, axis=2)).mean(spatial))
    yield "vertical gradient", quantiles(np.abs(np.diff(gray, axis=1)).mean(spatial))
    for cycles, share in sharpness(gray, (3, 5, 8)):
        yield f"energy beyond {cycles} cycles", quantiles(share)
    ring = np.ones((32, 32), bool)
    ring[6:26, 6:26] = False
    centre = gray[:, 10:22, 12:20].mean(spatial)
    yield "ring minus centre", quantiles(gray[:, ring].mean(1) - centre)
    name = "principal components for 50, 80, 90, 95, 99% of the variance"
    yield name, components(gray.reshape(len(gray), -1))
    yield "share of the digits 0 to 9", np.bincount(digits, minlength=10) / len(digits)


def quantiles(values: np.ndarray) -> np.ndarray:
    return np.quantile(values, LEVELS)


def sharpness(gray: np.ndarray, cycles: tuple[int, ...]) -> Iterator[tuple[int, np.ndarray]]:
    """Each image's share of spectral power beyond this many cycles per image (Hann window)."""
    centred = gray - gray.mean((1, 2), keepdims=True)
    spectrum = np.fft.fft2(centred * np.outer(np.hanning(32), np.hanning(32)))
    power = np.abs(spectrum) ** 2
    radius = np.hypot(*np.meshgrid(*[np.fft.fftfreq(32, 1 / 32)] * 2))
    for bound in cycles:
        yield bound, power[:, radius > bound].sum(1) / (power.sum((1, 2)) + 1e-12)


def components(flat: np.ndarray) -> np.ndarray:
    """The numbers of principal components for 50, 80, 90, 95 and 99% of the variance."""
    values = np.linalg.svd(flat - flat.mean(0), compute_uv=False) ** 2
    share = np.cumsum(values) / values.sum()
    return 1.0 + np.array([np.count_nonzero(share < level) for level in VARIANCE])


def classifiers(
    images: np.ndarray, digits: np.ndarray, fast: bool
) -> Iterator[tuple[str, np.ndarray]]:
    """Five-fold accuracies of reference classifiers.

    The folds are contiguous blocks of the file, in which images of one photo are adjacent. So folds
    share almost no photo, as in the real measurement.
    """
    from skimage.feature import hog
    from sklearn.model_selection import KFold, cross_val_score
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.svm import SVC

    rgb = images / 255
    raw = (rgb - rgb.mean(0)).reshape(len(rgb), -1)
    gray = (rgb @ TO_GRAY).reshape(len(rgb), -1)
    normalised = (gray - gray.mean(1, keepdims=True)) / (gray.std(1, keepdims=True) + 1e-3)
    cells = {"orientations": 9, "pixels_per_cell": (4, 4), "cells_per_block": (2, 2)}
    edges = np.array([hog(image.reshape(32, 32), **cells) for image in gray])

    def accuracy(model, features) -> np.ndarray:
        return np.array([cross_val_score(model, features, digits, cv=KFold(5)).mean()])

    nearest = "accuracy of 5 nearest neighbours, "
    yield nearest + "raw pixels", accuracy(KNeighborsClassifier(5), raw)
    cosine = KNeighborsClassifier(5, metric="cosine")
    yield nearest + "normalised, cosine", accuracy(cosine, normalised)
    yield "accuracy of an SVM on HOG", accuracy(SVC(C=10), edges)
    if not fast:
        network = MLPClassifier((256,), max_iter=40, random_state=0)
        yield "accuracy of a network of 256, raw pixels", accuracy(network, raw)
        yield "accuracy of a network of 256, normalised", accuracy(network, normalised)


def measure(
    images: np.ndarray, digits: np.ndarray, size: int, fast: bool
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The mean and the largest deviation of each figure over samples of ``size`` images."""
    figures: dict[str, list[np.ndarray]] = {}

    def collect(samples: int, figures_of: Callable) -> None:
        for start in tqdm(range(0, samples * size, size), figures_of.__name__, file=sys.stdout):
            part = slice(start, start + size)
            for name, value in figures_of(images[part], digits[part]):
                figures.setdefault(name, []).append(value)

    def accuracies(*sample):
        return classifiers(*sample, fast)

    collect(SAMPLES, pictures)
    collect(ACCURACY_SAMPLES, accuracies)
    return {
        name: (np.mean(values, 0), np.abs(values - np.mean(values, 0)).max(0))
        for name, values in figures.items()
    }


def verdict(name: str, real: np.ndarray, twin: np.ndarray) -> str:
    """Whether a row is within its bounds, with the deviations; empty without bounds."""
    if name.startswith("accuracy"):
        inside = abs(twin[0] - real[0]) <= ACCURACY
        return f"{'yes' if inside else 'NO'} ({twin[0] - real[0]:+.3f})"
    if not name.startswith(BOUNDED):
        return ""
    low, _, median, _, high = twin / real - 1
    inside = abs(median) <= MEDIAN and max(abs(low), abs(high)) <= TAIL
    return f"{'yes' if inside else 'NO'} ({low:+.0%}, {median:+.0%}, {high:+.0%})"


def table(real: dict[str, list[float]], twin: dict[str, tuple]) -> tuple[str, bool]:
    """The comparison as a Markdown table, and whether all figures are within their bounds."""
    lines = [
        "| figure | real | twin | ± | within the bounds? |",
        "|---|---|---|---|---|",
    ]
    verdicts = []
    for name, values in real.items():
        if name not in twin:
            continue
        mean, deviation = twin[name]
        verdicts.append(verdict(name, np.array(values), mean))
        whole = name.startswith("principal")
        digits = 0 if whole else 2 if "digits" in name else 4 if "energy" in name else 3
        cells = [" ".join(f"{v:.{digits}f}" for v in row) for row in (values, mean, deviation)]
        lines.append(f"| {name} | {' | '.join(cells)} | {verdicts[-1]} |")
    return "\n".join(lines), not any(verdict.startswith("NO") for verdict in verdicts)


def load(directory: Path) -> tuple[np.ndarray, np.ndarray]:
    """Training images (n, 32, 32, 3) and their digits 0..9."""
    from scipy.io import loadmat

    data = loadmat(directory / "train_32x32.mat")
    return data["X"].transpose(3, 0, 1, 2), data["y"].ravel() % 10


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, help="measure these files (default: draw a new twin)")
    parser.add_argument("--fast", action="store_true", help="without the two networks")
    options = parser.parse_args()
    known = json.loads((HERE / "svhn_figures.json").read_text(encoding="utf-8"))
    needed = known["images"] * SAMPLES
    with tempfile.TemporaryDirectory() as scratch:
        directory = options.data or Path(scratch)
        if not options.data:
            draw(directory, train=needed, test=1)
        about, (images, digits) = identify(directory).text, load(directory)
    if len(images) < needed:
        parser.error(f"{directory} holds {len(images)} images; {needed} are needed")
    twin = measure(images[:needed], digits[:needed], known["images"], options.fast)
    text, inside = table(known["figures"], twin)
    print(text)
    if not options.fast:
        write_section("twin_statistics", section(about, known["images"], text, inside))
    return 0 if inside else 1


def section(about: str, size: int, text: str, inside: bool) -> str:
    return f"""## The twin's images compared with real ones

`python benchmarks/twin_statistics.py`: {"all figures are" if inside else "NOT all figures are"}
within their bounds. Measured: {about} Recipe {RECIPE.fingerprint()}.

Rows of five are quantiles at 5, 25, 50, 75 and 95% over {size:,} images. *Real*: one sample.
*Twin*: mean over {SAMPLES} samples of the same size ({ACCURACY_SAMPLES} for the accuracies). *±*:
the largest deviation of one sample, which chance may also cause in the real figure. Bounds: median
within {MEDIAN:.0%}, 5 and 95% within {TAIL:.0%} of the real figure (deviations are given),
accuracies within {ACCURACY}. Rows without a verdict have no bound.

{text}

({machine()})
"""


if __name__ == "__main__":
    sys.exit(main())
