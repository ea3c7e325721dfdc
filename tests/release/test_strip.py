"""Solutions are removed completely, or the source is refused with file and line."""

from textwrap import dedent

import pytest

from autograder.release.markers import StripError, regions
from autograder.release.strip import find_blocks, strip

RULE = "#" * 30
GOOD = f"""\
import os


class fc:
    '''A layer.'''

    def forward(self, feat):
        '''feat (N, D) -> (N, M)'''
        output = None
        {RULE}
        # TODO: Compute the output.  #
        # Store it in output.        #
        {RULE}
        ### BEGIN SOLUTION
        output = feat * 2  # doubled
        if output is None:
            output = 3
        ### END SOLUTION
        {RULE}
        #     END OF YOUR CODE       #
        {RULE}
        self.meta = feat
        return output
"""

STRIPPED = f"""\
import os


class fc:
    '''A layer.'''

    def forward(self, feat):
        '''feat (N, D) -> (N, M)'''
        output = None
        {RULE}
        # TODO: Compute the output.  #
        # Store it in output.        #
        {RULE}
        raise NotImplementedError("fc.forward: write your solution here")
        {RULE}
        #     END OF YOUR CODE       #
        {RULE}
        self.meta = feat
        return output
"""


def swap(old, new):
    """The good source with one replacement."""
    assert old in GOOD
    return GOOD.replace(old, new, 1)


BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
BODY = GOOD[GOOD.index("        output = feat") : GOOD.index(f"        {END}")]

# Name of the fault: (source, line of the error, part of its message).
BAD = {
    "no END": (swap(f"        {END}\n", ""), 14, "without its END"),
    "no BEGIN": (swap(f"        {BEGIN}\n", ""), 17, "without its BEGIN"),
    "a stray END after a good block": (GOOD + f"{END}\n", 24, "without its BEGIN"),
    "nested": (swap("output = feat * 2  # doubled", BEGIN), 15, "cannot be nested"),
    "BEGIN misspelt": (swap(BEGIN, "### BEGIN SOLUTON"), 14, "looks like"),
    "both misspelt": (
        swap(BEGIN, "### BEGN SOLUTION").replace(END, "### ENDE SOLUTION"),
        14,
        "looks like",
    ),
    "unrecognisable markers with three hashes": (
        swap(BEGIN, "### ANSWER").replace(END, "### DONE"),
        14,
        "is not a marker",
    ),
    "two hashes": (swap(BEGIN, "## BEGIN SOLUTION"), 14, "looks like"),
    "four hashes": (swap(BEGIN, "#### BEGIN SOLUTION"), 14, "looks like"),
    "lower case": (swap(BEGIN, "### begin solution"), 14, "looks like"),
    "mixed case END": (swap(END, "### End Solution"), 18, "looks like"),
    "no blank": (swap(BEGIN, "###BEGIN SOLUTION"), 14, "looks like"),
    "two blanks": (swap(BEGIN, "### BEGIN  SOLUTION"), 14, "looks like"),
    "underscore": (swap(BEGIN, "### BEGIN_SOLUTION"), 14, "looks like"),
    "one word": (swap(BEGIN, "### BEGINSOLUTION"), 14, "looks like"),
    "a blank at the end": (swap(BEGIN, BEGIN + " "), 14, "looks like"),
    "something after it": (swap(BEGIN, BEGIN + ":"), 14, "looks like"),
    "a Greek letter": (swap(BEGIN, "### ΒEGIN SOLUTION"), 14, "looks like"),
    "behind code": (
        swap("output = None", f"output = None  {BEGIN}"),
        9,
        "looks like",
    ),
    "of another kind": (
        swap(BEGIN, "### BEGIN HIDDEN TESTS").replace(END, "### END HIDDEN TESTS"),
        14,
        "not allowed in code",
    ),
    "END of another kind": (swap(END, "### END HIDDEN TESTS"), 18, "without its BEGIN"),
    "empty": (swap(BODY, ""), 14, "empty"),
    "blank lines only": (swap(BODY, "\n\n"), 14, "empty"),
    "a comment only": (swap(BODY, "        # nothing\n"), 14, "no statement"),
    "pass only": (swap(BODY, "        pass\n"), 14, "no statement"),
    "a string only": (swap(BODY, "        'doubled'\n"), 14, "no statement"),
    "half of a statement": (
        swap("        output = None\n", "        output = max(\n")
        .replace(BODY, "            feat,\n            2,\n")
        .replace("        self.meta", "        )\n        self.meta"),
        14,
        "no statement",
    ),
    "ends inside of a loop": (
        swap("            output = 3\n", "").replace(
            f"        {END}\n", f"            output = 3\n        {END}\n            output = 4\n"
        ),
        14,
        "not a series of whole statements",
    ),
    "begins with else": (
        swap("        output = None\n", "        if feat:\n            output = 1\n").replace(
            BODY, "        else:\n            output = feat\n"
        ),
        15,
        "",
    ),
    "markers not in line": (swap(f"        {END}", f"    {END}"), 18, "indented differently"),
    "not indented like its code": (
        swap(f"        {BEGIN}", f"    {BEGIN}").replace(f"        {END}", f"    {END}"),
        14,
        "not indented like",
    ),
    "inside of a string": (
        f'TEXT = """\n{BEGIN}\nx = 1\n{END}\n"""\n',
        2,
        "",
    ),
    "no banner above": (swap("        # TODO: Compute the output.  #\n", ""), 13, "above"),
    "no banner below": (swap("        #     END OF YOUR CODE       #\n", ""), 18, "below"),
    "a solution line above BEGIN": (
        swap(f"        {BEGIN}", f"        scale = 2\n        {BEGIN}"),
        15,
        "no banner right above",
    ),
    "a solution line below END": (
        swap(f"        {END}", f"        {END}\n        output += 1"),
        18,
        "no banner right below",
    ),
    "a banner without markers": (
        swap(f"        {BEGIN}\n", "").replace(f"        {END}\n", ""),
        11,
        "without solution markers",
    ),
    "not Python": (swap("import os", "import"), 1, "not Python"),
    "not Python without its solution": (
        swap(BODY, "        output = 1\n")
        .replace(
            "        return output\n",
            "        def later():\n            nonlocal output\n            return output\n",
        )
        .replace("        output = None\n", ""),
        21,
        "not valid Python",
    ),
    "Windows line ends": (GOOD.replace("\n", "\r\n"), 1, "line end"),
}


def test_a_solution_becomes_a_stub_that_names_its_place_and_nothing_else_changes():
    assert strip(GOOD, "lib/layers.py") == STRIPPED


def test_given_code_without_a_block_is_unchanged():
    given = "import os\n\n\ndef f(x):\n    # at the end, the solution is x\n    return x\n"
    assert strip(given, "lib/given.py") == given


@pytest.mark.parametrize("fault", BAD)
def test_doubtful_source_is_refused_with_file_and_line(fault):
    source, line, words = BAD[fault]
    with pytest.raises(StripError) as refused:
        strip(source, "lib/layers.py")
    assert refused.value.line == line, refused.value
    assert str(refused.value).startswith(f"lib/layers.py:{line}: ")
    assert words in str(refused.value)


def test_several_blocks_of_one_function_are_numbered():
    block = GOOD[GOOD.index(f"        {RULE}") : GOOD.index("        self.meta")]
    twice = GOOD.replace("        self.meta", block + "        self.meta")
    assert [found.place for found in find_blocks(twice, "x.py")] == [
        "fc.forward, TODO 1 of 2",
        "fc.forward, TODO 2 of 2",
    ]


def test_a_block_outside_functions_is_named_after_its_cell_or_file():
    cell = dedent(GOOD[GOOD.index(f"        {RULE}") : GOOD.index("        self.meta")])
    cell = cell.replace("feat", "2")
    assert 'NotImplementedError("cascade_names: write' in strip(cell, "cell", "cascade_names")
    assert 'NotImplementedError("names: write' in strip(cell, "lib/names.py")


def test_a_decorated_function_can_be_a_solution():
    body = "        @property\n        def twice(self):\n            return 2\n"
    assert strip(GOOD.replace(BODY, body), "x.py") == STRIPPED


def test_misspelt_markers_are_refused_in_markdown():
    answer = "Why?\n\n### BEGIN SOLUTION\nBecause.\n### END SOLUTION"
    assert [(r.begin, r.end) for r in regions(answer, "cell")] == [(3, 5)]
    for fault in ("BEGIN SOLUTOIN", "Begin solution", "BEGIN MARK SCHEM", "BEGIN THE SOLUTION"):
        with pytest.raises(StripError):
            regions(answer.replace("BEGIN SOLUTION", fault), "cell")
