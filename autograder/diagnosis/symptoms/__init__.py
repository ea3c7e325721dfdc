"""Symptoms: statements that hold about a student's numbers, whatever the mistake.

compared.py      one wrong value beside the reference's
clause.py        what holds about it, as half a sentence
factors.py       which number of the inputs a factor is
shapes.py        wrong shapes, and axes in another order
relations.py     what holds in all places
places.py        where a value is wrong
wrong_values.py  the most specific of these
section.py       the statements about a section
"""
