"""Reporting to CodeDeploy: exactly once, whatever happens."""

import threading
from types import TracebackType
from typing import Any

MARGIN_SECONDS = 10.0
"""Time that is left for reporting when the function's own time runs out."""


class Report:
    """Reports `Succeeded` or `Failed` when it is left, and `Failed` when time runs out before.

    Args:
        codedeploy: a client.
        event: what CodeDeploy sent.
        remaining_ms: milliseconds until Lambda ends the function.
        logger: gets one line with `deployment_id` and `failure`, where the release looks for it.
    """

    def __init__(self, codedeploy: Any, event: dict[str, Any], remaining_ms: int, logger: Any) -> None:
        self._codedeploy = codedeploy
        self._event = event
        self._logger = logger
        self._lock = threading.Lock()
        self._failure: str | None = "the check did not come to an end"
        self.status = ""
        seconds = max(0.0, remaining_ms / 1000 - MARGIN_SECONDS)
        self._timer = threading.Timer(seconds, self._too_late, [seconds])
        self._timer.daemon = True

    def __enter__(self) -> "Report":
        self._timer.start()
        return self

    def outcome(self, failure: str | None) -> None:
        """Notes how the check came out: what failed, or None."""
        self._failure = failure

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._timer.cancel()
        self._send(self._failure if error is None else f"{type(error).__name__}: {error}")
        return isinstance(error, Exception)

    def _too_late(self, seconds: float) -> None:
        self._send(f"the smoke events took longer than {seconds:.0f} s")

    def _send(self, failure: str | None) -> None:
        """Reports unless that was done. Whoever comes second waits for the first: where that one could not
        report, this one still does."""
        with self._lock:
            if self.status:
                return
            status = "Failed" if failure else "Succeeded"
            if failure:
                self._logger.error("not fit", deployment_id=self._event.get("DeploymentId"), failure=failure)
            self._codedeploy.put_lifecycle_event_hook_execution_status(
                deploymentId=self._event["DeploymentId"],
                lifecycleEventHookExecutionId=self._event["LifecycleEventHookExecutionId"],
                status=status,
            )
            self.status = status
