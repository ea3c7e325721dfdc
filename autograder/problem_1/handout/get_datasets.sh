#!/bin/sh
# The same as `python get_datasets.py`, for those who know the course by this name.
cd "$(dirname "$0")" && exec "${PYTHON:-python3}" get_datasets.py "$@"
