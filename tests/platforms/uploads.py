"""What each platform makes of the files that are uploaded to it: readers written from the
platforms' own rules, strict, and independent of what writes those files.

Each raises `Refused` for a file of which the platform takes nothing, and reports whatever it
drops, guesses or changes beside the points. An export is right when `reported` is empty and
`points` are the class's.
"""

from uploading.canvas import canvas_comments, canvas_gradebook
from uploading.cells import changed, split
from uploading.gradescope import Results, gradescope_autograder, gradescope_results
from uploading.moodle import moodle_feedback, moodle_worksheet
from uploading.others import blackboard_grades, brightspace_grades
from uploading.taken import Files, Refused, Taken

__all__ = [
    "Files",
    "Refused",
    "Results",
    "Taken",
    "blackboard_grades",
    "brightspace_grades",
    "canvas_comments",
    "canvas_gradebook",
    "changed",
    "gradescope_autograder",
    "gradescope_results",
    "moodle_feedback",
    "moodle_worksheet",
    "split",
]
