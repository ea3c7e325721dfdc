"""Downloads the images into the folder data, or generates synthetic ones with --synthetic.

See `python get_datasets.py --help`.
"""

import sys

import svhn

if __name__ == "__main__":
    sys.exit(svhn.main())
