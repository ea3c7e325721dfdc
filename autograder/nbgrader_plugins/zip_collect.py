"""`nbgrader zip_collect` for the zips that students make: whose a file is, and where it belongs."""

from __future__ import annotations

import os
from collections import Counter
from functools import cached_property
from pathlib import Path

from nbgrader.plugins import FileNameCollectorPlugin
from traitlets import List, Unicode

from autograder.hand_in.files import printable
from autograder.hand_in.students import folded, is_id, student_ids
from autograder.hand_in.zips import SKIPPED_FOLDERS


class StudentZips(FileNameCollectorPlugin):
    """Collects notebooks and the library of zips called STUDENT.zip or STUDENT_ASSIGNMENT.zip.

    nbgrader has unpacked each into a folder of its name. Stock nbgrader needs a regular expression,
    leaves out every file but notebooks, and stops the whole run at two zips of one student.
    """

    valid_ext = List(Unicode(), [".ipynb", ".py"]).tag(config=True)

    @cached_property
    def _extracted(self) -> Path:
        return Path(self.parent._format_collect_path(self.parent.extracted_directory))

    @cached_property
    def _students(self) -> dict[str, str]:
        """Students by the names of their unpacked zips; those of unclear ones are left out."""
        names = sorted(os.listdir(self._extracted))
        zips = student_ids((f"{name}.zip" for name in names), self.parent.coursedir.assignment_id)
        ids = {name: zips[f"{name}.zip"] for name in names}
        several = Counter(map(folded, ids.values()))
        clear = {}
        for name, student in ids.items():
            if not is_id(student):
                reason = "its name is not a valid student id; rename the zip"
            elif several[folded(student)] > 1:
                reason = f"there are several zips of {student}; keep the one that counts"
            else:
                clear[name] = student
                continue
            self.log.warning("%s was set aside: %s", printable(name), reason)
        return clear

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """The student and the place of a file; None for a file that is not handed in."""
        path = Path(submitted_file)
        name, *inside = path.relative_to(self._extracted).parts
        is_wanted = inside and name in self._students and path.suffix in self.valid_ext
        if not is_wanted or any(p.startswith(".") or p in SKIPPED_FOLDERS for p in inside):
            return None
        return {"student_id": self._students[name], "file_id": "/".join(inside)}
