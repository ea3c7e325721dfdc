"""Judges a training, without trusting trained parameters.

Parameters for known images prove nothing: a student can train them elsewhere, copy them, or find
them without gradient descent. Two questions are answered instead:

    does the code train?        the student's layers, loop and SGD run on a problem generated for
                                this grading, and are compared with the solution from the same start
                                (`fresh.py`)
    does the recipe reach 75%?  the student's choices are read as plain numbers (`recipe.py`), and
                                the grader trains them with the solution's library (`replay.py`)

`judged.py` combines the answers.
"""
