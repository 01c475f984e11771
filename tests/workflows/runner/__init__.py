"""Runs workflows of GitHub Actions here: the real `run:` steps, with doubles for other people's actions."""

from tests.workflows.runner.jobs import Event, JobResult, Result, Runner
from tests.workflows.runner.steps import Cancellation, StepError, StepResult, UsesCall

__all__ = ["Cancellation", "Event", "JobResult", "Result", "Runner", "StepError", "StepResult", "UsesCall"]
