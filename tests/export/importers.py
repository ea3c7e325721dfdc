"""A filled file, read by each platform's own rules and with Python's own reader of CSV."""

from __future__ import annotations

import csv
import io
import re


def canvas(content: bytes, assignment: str) -> dict[str, str]:
    """Points by Canvas's ID, in the column with an assignment's number."""
    header, *rows = cells(content)
    assert "Student" in header[0]
    assert "ID" in header[1]
    column = next(i for i, name in enumerate(header) if name.endswith(f"({assignment})"))
    grades = {}
    for row in rows:
        if not row or "Points Possible" in row[0]:
            continue
        if all(re.fullmatch(r"\s*(Muted|Manual Posting.*)?\s*", cell, re.I) for cell in row):
            continue
        grade = row[column].strip() if column < len(row) else ""
        if re.fullmatch(r"-?[0-9.,]+%?", grade):
            *whole, last = re.split("[,.]", grade)
            grade = f"{''.join(whole)}.{last}" if whole else last
        grades[row[1]] = grade
    return grades


def moodle(content: bytes, grade: str, participant: str, decimal: str) -> dict[str, float]:
    """Grades by the number behind the localised word for a participant."""
    header, *rows = cells(content)
    column = header.index(grade)
    return {
        row[0][len(participant) :]: float(row[column].replace(decimal, "."))
        for row in rows
        if row and row[column]
    }


def blackboard(content: bytes, number: str) -> dict[str, str]:
    header, *rows = cells(content)
    column = next(i for i, name in enumerate(header) if name.endswith(f"|{number}"))
    return {row[header.index("Username")]: row[column] for row in rows if row}


def brightspace(content: bytes, name: str) -> dict[str, str]:
    header, *rows = cells(content)
    assert header[-1] == "End-of-Line Indicator"
    assert all(row[-1] == "#" for row in rows)
    column = next(i for i, one in enumerate(header) if one.startswith(f"{name} Points Grade"))
    return {row[0].lstrip("#"): row[column] for row in rows}


def cells(content: bytes) -> list[list[str]]:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = content.decode(encoding)
    first = text.splitlines()[0]
    separator = max("\t;,", key=first.count)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
