"""How a training is judged: by what cannot be shipped.

Parameters can be made elsewhere, looked up, solved for or found by trial, so none that a submission
returns for known images is believed. Two questions are asked instead:

    does the code train?        its own layers, loop and SGD, on a problem drawn for this grading
                                (`fresh.py`), beside what the solution does from the same start
    does the recipe reach 75%?  what the student chose is read as plain numbers (`recipe.py`) and
                                trained by us, with the solution's library (`replay.py`)

`judged.py` puts the answers together.
"""
