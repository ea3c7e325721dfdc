"""Tables are split into cells, and changes are found byte for byte."""

from __future__ import annotations

import pytest
import rosters
from points import VARIANTS, Edit, edited
from uploads import (
    Refused,
    changed,
    split,
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a,b\r\nc,d",
        'a,"b ""c"", d\ne"\n',
        "a,\n,\n",
        "\ufeffa;b\r",
        "\n\n",
        '"",""\n',
        'x"y,z\n',
    ],
)
def test_cells_and_ends_joined_again_are_the_text(text: str) -> None:
    table = split(text, ",")
    rows = zip(table.rows, table.ends, strict=True)
    assert "".join(",".join(row) + end for row, end in rows) == text


@pytest.mark.parametrize("text", ['a,"b\n', 'a"b,c\n', '"a"b,c\n', "a\r\nb\n"])
def test_a_csv_that_rubys_reader_refuses_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        split(text, ",").strict()


def test_a_long_run_of_quotes_is_read_at_once() -> None:
    with pytest.raises(Refused, match="not closed"):
        split('"' * 100_001, ",")


@pytest.mark.parametrize("name", VARIANTS)
def test_cells_that_change_are_found(name: str) -> None:
    before, after = VARIANTS[name]({}), VARIANTS[name]({"ada": "37.5", "uma": "1"})
    separator = ";" if b";" in before.splitlines()[0] else "\t" if name == "blackboard" else ","
    encoding = "utf-16-le" if name == "blackboard" else "utf-8"
    found = changed(before, after, separator=separator, encoding=encoding)
    assert len({row for row, _ in found}) == 2
    graded = {column for _, column in found}
    assert len(graded) == (2 if "moodle" in name else 1)  # there the time of grading, too


@pytest.mark.parametrize(
    ("edit", "what"),
    [(("\r\n", "\n"), "line ends"), (("\ufeff", ""), ""), (("CS-1", '"CS-1"'), "")],
)
def test_bytes_beside_the_column_are_not_overlooked(edit: Edit, what: str) -> None:
    before = rosters.canvas_gradebook(bom=True, ends="\r\n")
    after = edited(before, edit)
    if what:
        with pytest.raises(AssertionError, match=what):
            changed(before, after)
    else:
        assert changed(before, after)
