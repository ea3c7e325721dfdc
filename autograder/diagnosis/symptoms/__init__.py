"""Symptoms: statements that hold about a student's numbers, whatever the mistake.

compared.py   one wrong value beside the reference's
factors.py    which number of the inputs a factor is
relations.py  what holds about a value in all places
places.py     where a value is wrong
section.py    the statements about a section
"""
