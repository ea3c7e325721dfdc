"""Why a check fails: the known mistakes whose results are the same as the student's."""
