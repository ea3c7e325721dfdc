"""Small changes of the solution, as in mutation testing: the mistakes that nobody has written down.

Every operator makes one kind of change in every place of the solution where it is possible: a sign,
a factor that is missing, a number in place of an attribute, a result that is not stored. A student
whose numbers are exactly those of a mutant made that mistake, or one with the same effect, however
the code is written.

A mutant's text names quantities that students know: attributes, arguments, functions of numpy. It
never quotes the solution.

    source.py     a code block of the solution, and what its names mean
    operators.py  how a formula is put together: signs, factors, powers, conditions
    quantities.py what stands in it: other arrays, functions of them, further factors
    mutants.py    all changes of a section's code blocks, and of their other correct forms
    search.py     the changes that together give a student's numbers
"""
