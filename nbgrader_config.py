"""nbgrader's configuration: what `nbgrader ...`, formgrader's buttons and `autograder` all use."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))  # this checkout's steps, wherever autograder is installed from
# nbgrader calls `alembic` by name to make its database, also where no environment is activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

from nbgrader import preprocessors as nbgrader  # noqa: E402

from autograder import checkout  # noqa: E402
from autograder.assignment import stub  # noqa: E402
from autograder.nbgrader_plugins import (  # noqa: E402
    autograde,
    by_hand,
    export,
    release,
    zip_collect,
)

c = get_config()  # noqa: F821

c.CourseDirectory.root = str(HERE)
c.CourseDirectory.course_id = checkout.assignment().course
c.CourseDirectory.source_directory = "source"
c.CourseDirectory.release_directory = "release"

c.GenerateAssignment.preprocessors = [
    release.CheckMarkers,  # before anything is cleared: it looks at what the author wrote
    nbgrader.LockCells,
    nbgrader.ClearSolutions,
    release.NameStubs,  # right after the stub it names, and before checksums are taken
    nbgrader.ClearOutput,
    nbgrader.CheckCellMetadata,
    nbgrader.ComputeChecksums,
    nbgrader.SaveCells,  # before ClearMarkScheme: the gradebook keeps the mark schemes
    nbgrader.ClearHiddenTests,
    nbgrader.ClearMarkScheme,
    nbgrader.ComputeChecksums,  # again, of what students receive
    nbgrader.CheckCellMetadata,
    release.StateVersion,
    release.AddReleaseFiles,
]
c.GenerateAssignment.exporter_class = release.ReleaseNotebook
c.ClearSolutions.code_stub = {"python": release.UNNAMED_STUB}
c.ClearSolutions.text_stub = stub.UNANSWERED

# First what was handed in is made plain, then it is graded; nothing of it is run by nbgrader.
c.Autograde.exporter_class = autograde.PlainNotebook
c.Autograde.sanitize_preprocessors = [
    autograde.ResetScores,  # first: a grading that fails must not leave old points
    autograde.RestoreCells,
    nbgrader.OverwriteKernelspec,
    nbgrader.CheckCellMetadata,
]
c.Autograde.autograde_preprocessors = [
    autograde.RestoreCells,  # again: the notebook has been read again
    autograde.GradeSubmission,
    nbgrader.AssignLatePenalties,  # after the scores that penalties are taken from
    nbgrader.CheckCellMetadata,
]
c.GradeSubmission.training = "off"  # "short" or "full" for the points that a training earns

c.HTMLExporter.preprocessors = [by_hand.MarkedFirst]  # only for formgrader's page of a submission

c.ZipCollectApp.collector_plugin = zip_collect.StudentZips
c.ExportApp.plugin_class = export.SafeCsv
