"""The command behind ``get_datasets.py``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from .errors import DataError
from .files import SEED, TEST, TRAIN, identify

ABOUT = """\
Get the images of this assignment: 73,257 training and 26,032 test images of digits on house fronts,
32 x 32 pixels in three colours. The label of an image is the digit in its middle.

Without options, this downloads the real dataset: SVHN, the street view house numbers (about 250 MB;
for non-commercial use only).
    %(prog)s
If the connection breaks, run it again: it resumes where it stopped.

Without a network, or to save time, draw a synthetic twin: the same two files with generated house
numbers. They look like the real ones, and a network learns them as fast and as well.
    %(prog)s --synthetic
"""
AFTER = """\
SVHN_data() of lib.mlp.datasets reads the two files, real or synthetic. They are MATLAB files: X is
(32, 32, 3, N) uint8, and y is (N, 1) with the digits 1 to 9, and 10 for a 0.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = _parser().parse_args(argv)
    try:
        _get(options)
        found = identify(options.dir)
        print(f"{options.dir}: {found.text}")
        if options.preview:
            from .sheet import preview

            preview(options.dir, options.preview)
            print(f"{options.preview}: ten images of each digit.")
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The existing files are untouched.", file=sys.stderr)
        return 130
    return 0 if found.kind in ("real", "twin") else 1


def _get(options: argparse.Namespace) -> None:
    if options.synthetic:
        from .twin import draw

        draw(options.dir, options.seed, options.workers, options.train, options.test)
    else:
        from .fetch import download

        download(options.dir)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=ABOUT, epilog=AFTER, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--synthetic", action="store_true", help="draw the twin (under a minute, no network)")
    add(
        "--dir",
        default=os.environ.get("SVHN_DIR") or "data",
        help="where the two files go (default: the environment variable SVHN_DIR, or ./data)",
    )
    add("--preview", metavar="FILE.png", help="also save a picture with ten images of each digit")
    twin = parser.add_argument_group("options of the twin")
    add = twin.add_argument
    add("--seed", type=int, default=SEED, help="seed of the images (default: %(default)s)")
    add(
        "--train",
        type=int,
        default=TRAIN.images,
        help="number of training images (default: %(default)s)",
    )
    add(
        "--test", type=int, default=TEST.images, help="number of test images (default: %(default)s)"
    )
    add("--workers", type=int, help="number of processes (default: one per CPU)")
    return parser
