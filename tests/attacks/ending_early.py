"""Ending early, writing results."""

from attack import ALL_ROADS, PACKAGE, Attack, Changes

ATTACKS = (
    Attack(
        "exits with status zero at import",
        tries="Ends the process with status 0 at import, as if all checks had passed.",
        must="No point: silence is no answer, and the set of verdicts is the rubric's.",
        does=Changes(files={PACKAGE: "import os\nos._exit(0)"}),
        roads=ALL_ROADS,
    ),
)
