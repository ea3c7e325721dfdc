"""A cluster that replays kept gradings, for `ten_thousand.py`."""
