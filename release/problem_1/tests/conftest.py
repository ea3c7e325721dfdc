"""Selects the checks of the notebook that `pytest` runs, and formats their results."""

from __future__ import annotations

import contextlib
import os
import sys
from importlib import metadata

os.environ["MPLBACKEND"] = "Agg"  # figures are drawn, but open no window

import graded_with
import pytest

if reason := graded_with.too_old():
    sys.exit(reason)  # without a traceback, which pytest.exit shows here

from collect_submission import doubtful
from visible_checks import FOLDER

NOT_RUN = pytest.StashKey()


def pytest_addoption(parser):
    group = parser.getgroup("the notebook's checks")
    group.addoption("--training", action="store_true", help="also run the checks that train")
    group.addoption(
        "--quick", action="store_true", help="also run the checks that train, on few images"
    )


def pytest_configure(config):
    config.stash[NOT_RUN] = []
    if config.option.quick:
        os.environ.setdefault("SVHN_MAX_TRAINING", "2000")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Of the checks that -k and -m select, leave out those that train, unless requested."""
    training = config.option.training or config.option.quick or "training" in config.option.markexpr
    left_out = [] if training else [item for item in items if item.get_closest_marker("training")]
    items[:] = [item for item in items if item not in left_out]
    config.stash[NOT_RUN] = [item.callspec.params["check"] for item in left_out]


@pytest.fixture(autouse=True)
def _in_notebook_folder(monkeypatch):
    """Run each check in the notebook's folder, and close its figures afterwards."""
    monkeypatch.chdir(FOLDER)
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Show the student's own lines instead of a traceback through these files."""
    report = (yield).get_result()
    check = getattr(item, "callspec", None) and item.callspec.params.get("check")
    if check:
        report.check = f"{check.id:<22}{check.points:g} pt"
        if report.failed:
            report.longrepr = check.explain(call.excinfo.value)
            report.reason = call.excinfo.exconly().removeprefix("AssertionError: ").split("\n")[0]


def pytest_terminal_summary(terminalreporter, config):
    """One line per section; after a run of all of them, what may cost points besides."""
    _show_sections(terminalreporter, config.stash[NOT_RUN])
    if config.option.keyword or config.option.markexpr:
        return
    advice = graded_with.differences(metadata.version("numpy"))
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
        advice += doubtful(FOLDER)  # these are errors of a broken notebook, which is reported above
    if advice:
        terminalreporter.section("before you hand in")
    for sentence in advice:
        terminalreporter.write_line(sentence, yellow=True)


def _show_sections(terminalreporter, not_run):
    write = terminalreporter.write_line
    calls = {
        word: [r for r in terminalreporter.getreports(word) if hasattr(r, "check")]
        for word in ("passed", "failed")
    }
    passed = [r for r in calls["passed"] if r.when == "call"]
    if not (passed or calls["failed"] or not_run):
        return
    terminalreporter.section("the notebook's checks")
    for report in passed:
        write(f"passed   {report.check}", green=True)
    for report in calls["failed"]:
        write(f"FAILED   {report.check}  {report.reason}", red=True)
    for check in not_run:
        write(f"not run  {check.id:<22}{check.points:g} pt", yellow=True)
    if not_run:
        write("")
        write("The checks that were not run train networks. `pytest --quick` runs them on a few")
        write("images, `pytest --training` as the notebook does, which takes minutes.")
