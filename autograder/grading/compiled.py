"""Compiles a Grade from verdicts, diagnoses and the result of the training."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping

import numpy as np

from autograder.assignment import Assignment
from autograder.assignment.rubric import Section
from autograder.assignment.variant import Variant
from autograder.diagnosis import other_version
from autograder.diagnosis.case import Diagnosis
from autograder.diagnosis.findings import Findings
from autograder.diagnosis.symptoms.section import of_all
from autograder.grading.causes import Cause, common_causes, remarks
from autograder.grading.result import BENEATH, FOR_A_PERSON, SCHEMA, Grade, Hint, SectionGrade, Test
from autograder.hand_in import older_work, version
from autograder.judgement.points import rounded, total
from autograder.judgement.suites import Verdict, earned, suite_hash
from autograder.observation.observe import Observations
from autograder.training.images import OFF
from autograder.training.judged import Trained

LONGEST_MESSAGE = 600


def compiled(
    assignment: Assignment,
    name: str,
    student: Observations,
    verdicts: tuple[Verdict, ...],
    found: Findings,
    elapsed_s: float,
) -> Grade:
    """Compiles a Grade from the verdicts, the diagnoses and the training in `student`."""
    trained = None if student.training is None else Trained.from_dict(student.training)
    causes = common_causes(verdicts, student)
    sections = tuple(
        _section(
            assignment,
            section,
            [v for v in verdicts if v.check.section == section.id],
            found.diagnoses.get(section.id, Diagnosis()),
            causes,
            student,
            trained,
        )
        for section in assignment.sections
    )
    scored = [(s.score, s.max_score) for s in sections if s.score is not None]
    judged = [assignment.by_id[s.id] for s in sections if s.score is not None]
    errors = (*student.errors, *found.errors, *remarks(judged, verdicts, causes))
    if student.older_work:
        errors += (older_work.remark(assignment),)
    if (version_remark := version.remark(assignment, student.version)) is not None:
        errors += (version_remark,)
    return Grade(
        schema=SCHEMA,
        submission=name,
        assignment=assignment.id,
        score=total(score for score, _ in scored),
        max_score=sum(max_score for _, max_score in scored),
        seed=student.seed,
        suite=suite_hash(assignment),
        training=OFF if trained is None else trained.mode,
        data=None if trained is None else trained.data,
        versions={"python": platform.python_version(), "numpy": np.__version__},
        sandbox=student.sandbox,
        elapsed_s=round(elapsed_s, 3),
        sections=sections,
        errors=tuple(_clean(error) for error in errors),
    )


def _section(
    assignment: Assignment,
    section: Section,
    verdicts: list[Verdict],
    diagnosis: Diagnosis,
    causes: Mapping[str, Cause],
    student: Observations,
    trained: Trained | None,
) -> SectionGrade:
    excused = diagnosis.excused if assignment.carry_forward else frozenset()
    tests = [
        _test(verdict, verdict.check.name in excused, causes.get(verdict.check.name))
        for verdict in verdicts
    ]
    share, hints = None, _hints(assignment, section.id, diagnosis)
    if trained is not None or not section.training:
        share = earned(verdicts, excused)
    hints += _other_version(verdicts, student)
    if trained is not None and section.id == trained.section:
        of_training = (Test(name, passed, _clean(text)) for name, passed, text in trained.results())
        tests = [*of_training, *tests]
        share = None if share is None or trained.share is None else share * trained.share
        hints += tuple(_advice(assignment, trained))
        hints += tuple(Hint(FOR_A_PERSON, _clean(text)) for text in trained.for_manual_review())
    score = None if share is None else rounded(section.auto * share)
    return SectionGrade(section.id, section.title, score, section.auto, tuple(tests), hints)


def _test(verdict: Verdict, excused: bool, cause: Cause | None) -> Test:
    message = _clean(f"{cause.brief} (see above)" if cause else verdict.failure or "")
    if excused:
        message = _clean(f"costs no points, because an earlier mistake causes it: {message}")
    return Test(verdict.check.name, verdict.failure is None or excused, message)


def _hints(assignment: Assignment, section: str, diagnosis: Diagnosis) -> tuple[Hint, ...]:
    """Hints about this section's mistakes, and about inherited ones that affect it."""
    hints = [hint for variant in diagnosis.found for hint in _hints_about(variant)]
    hints += [Hint(_symptom(section, each.kind), _clean(each.text)) for each in diagnosis.symptoms]
    if diagnosis.beneath:
        titles = ", ".join(assignment.by_id[section].title for section in diagnosis.beneath)
        text = f"This section runs code of {titles}, where checks fail: correct that first."
        hints.append(Hint(_symptom(section, BENEATH), text))
    if diagnosis.excused or diagnosis.hiding:
        consequence = _consequence(assignment, diagnosis)
        hints += [
            Hint(_name(variant), _inherited_hint(assignment, variant, consequence))
            for variant in diagnosis.inherited
        ]
    return tuple(hints)


def _advice(assignment: Assignment, trained: Trained) -> Iterator[Hint]:
    plan = assignment.training_plan
    for kind, text in trained.advice(plan):
        yield Hint(_symptom(plan.section, kind), _clean(text))


def _hints_about(variant: Variant) -> Iterator[Hint]:
    for part in variant.parts:
        yield Hint(part.name, part.hint)
    if not variant.derived:
        yield Hint(variant.name, variant.hint)
    elif text := of_all(variant):
        yield Hint(_name(variant), text)


def _name(variant: Variant) -> str:
    """A variant's name; one for all derived variants of a section, since there is no end of them"""
    return _symptom(variant.section, "formula") if variant.derived else variant.name


def _symptom(section: str, kind: str) -> str:
    return f"{section}_symptom_{kind}"


def _other_version(verdicts: list[Verdict], student: Observations) -> tuple[Hint, ...]:
    """Hints about failed checks whose code was written for another Python or numpy."""
    probes = {p: None for v in verdicts if v.failure for p in v.check.probes if p in set(student)}
    raised = [student[probe].ending.raised for probe in probes]
    return tuple(Hint(*hint) for hint in other_version.hints(raised, other_version.ours()).items())


def _inherited_hint(assignment: Assignment, variant: Variant, consequence: str) -> str:
    title = assignment.by_id[variant.section].title
    return f"The mistake found in {title} also affects this section. {consequence}"


def _consequence(assignment: Assignment, diagnosis: Diagnosis) -> str:
    if not assignment.carry_forward:
        return "Correct it there."
    if diagnosis.hiding:
        return "It costs points again where it hides whether the rest is correct."
    return "It costs no further points here."


def _clean(text: str) -> str:
    """Makes text that may contain untrusted parts printable: one paragraph of limited length."""
    text = " ".join(text[: 2 * LONGEST_MESSAGE].split())
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 3] + "..."
