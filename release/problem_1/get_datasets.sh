#!/bin/sh
# The same as `python get_datasets.py`: kept for earlier versions of the course.
cd "$(dirname "$0")" && exec "${PYTHON:-python3}" get_datasets.py "$@"  # also with Windows's line ends
