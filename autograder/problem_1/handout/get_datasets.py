"""Puts the images into the folder data: the real ones, or with --synthetic their twin.

`python get_datasets.py --help` tells the rest.
"""

import sys

import svhn

if __name__ == "__main__":
    sys.exit(svhn.main())
