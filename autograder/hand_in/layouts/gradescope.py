"""Gradescope, "Export Submissions": a folder for each submission that counts, and who made it.

    assignment_4711_export/submission_metadata.yml
    assignment_4711_export/submission_216975/work.py

The file is Gradescope's own and names the people of a group. Its keys begin with a colon.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from autograder.hand_in import times
from autograder.hand_in.files import Unreadable
from autograder.hand_in.layouts.upload import Context, Layout, Member, Upload, moment

METADATA = "submission_metadata.yml"
ENTRY = re.compile(r"submission_(?P<number>\d+)/(?P<file>.+)", re.DOTALL)
SUBMISSION = re.compile(r"submission_\d+")
Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Every value stays text, because YAML would read the student number 0012345 as octal."""


def submission_of(path: str) -> str:
    """The id of the submission that a file belongs to, by its path in the whole download.

    The first folder of that form decides: a student may have a deeper one.

    Raises:
        ValueError: it is no path of such a download.
    """
    for place, folder in enumerate(parts := path.split("/")):
        if SUBMISSION.fullmatch(folder) and place < len(parts) - 1:
            return folder.removeprefix("submission_")
    raise ValueError(f"{path} is not in the folder of a submission")


def _claims(path: str) -> bool:
    return path == METADATA or ENTRY.fullmatch(path) is not None


def _uploads(paths: Sequence[str], context: Context) -> list[Upload]:
    """Raises Unreadable: the file that says whose they are is missing or damaged."""
    files: dict[str, dict[str, str]] = {}
    for path in paths:
        if found := ENTRY.fullmatch(path):
            files.setdefault(found["number"], {})[path] = found["file"]
    known = _metadata(context)
    return [
        _upload(number, known.get(f"submission_{number}"), files.get(number, {}), context)
        for number in sorted({*files, *(name.removeprefix("submission_") for name in known)})
    ]


def _metadata(context: Context) -> Mapping[str, Any]:
    try:
        found = yaml.load(context.text(METADATA), Loader=Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Unreadable(f"{METADATA} is not valid YAML: {said}") from None
    if not isinstance(found, dict):
        raise Unreadable(f"{METADATA} holds no submissions")
    return {key: value for key, value in found.items() if SUBMISSION.fullmatch(str(key))}


def _upload(number: str, said: Any, files: Mapping[str, str], context: Context) -> Upload:
    said = said if isinstance(said, dict) else {}
    people = said.get(":submitters")
    people = people if isinstance(people, list) else []
    members = tuple(_member(one, number) for one in people if isinstance(one, dict))
    note = None if members else f"{METADATA} names nobody who handed it in"
    return Upload(
        f"submission {number}",
        members or (Member("", {"submission": number}),),
        files,
        moment(times.gradescope, str(said.get(":created_at", "")), context.zone),
        text_only=not files,
        note=note,
    )


def _member(one: Mapping[str, Any], number: str) -> Member:
    ids = {"sis": one.get(":sid"), "email": one.get(":email"), "submission": number}
    # an empty value is text, too
    return Member(
        str(one.get(":name", "")), {k: v for k, v in ids.items() if v and isinstance(v, str)}
    )


GRADESCOPE = Layout(
    "gradescope",
    "Gradescope export",
    "submission_metadata.yml beside submission_216975/work.py",
    _claims,
    _uploads,
)
