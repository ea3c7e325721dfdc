"""Who worked together: how alike the students' blocks are, for a person to judge.

    released.py      what every student was given, which does not count
    parts.py         a submission -> what the student wrote, by block
    values.py        what code computes, in a normal form
    expressions.py   an expression -> its value
    statements.py    a block's statements -> the values in it
    fingerprints.py  a submission -> fingerprints by block
    works.py         a class and its references -> works, each with its fingerprints
    rarity.py        what pairs of works share, and how much that says
    calibration.py   how unlikely it is among this class's pairs
    comparison.py    pairs and groups, the most alike first
    evidence.py      a pair's blocks side by side, with what is shared and rare marked

Students' files are read as text and parsed, and nothing in them is executed. They are parsed in
processes of their own, so a text that kills the parser costs one work.
"""
