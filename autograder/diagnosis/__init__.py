"""Why a check fails: which known mistake does the same."""
