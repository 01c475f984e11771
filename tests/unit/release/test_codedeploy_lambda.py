"""What the driver sees of CodeDeploy and the alias while they move."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lockgate.contract import LambdaContract
from lockgate.release.codedeploy_lambda import LambdaDriver
from lockgate.release.decide import decide
from lockgate.release.driver import Outcome
from lockgate.release.model import Phase

from .world import MINUTE, a_release

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CONTRACT = LambdaContract.model_validate(
    {
        "schema": 1,
        "environment": "local",
        "kind": "lambda",
        "service": "a",
        "function_name": "fn",
        "alias": "live",
        "codedeploy_application": "app",
        "deployment_group": "live",
        "deployment_configs": {},
        "alarms": [],
        "hook_function": None,
        "artifact_bucket": "b",
        "api_url": None,
        "traffic": {"strategy": "canary", "percentage": 10, "interval_minutes": 5},
    }
)


class MovingAws:
    """CodeDeploy ends the deployment, one way or the other, just when it is asked about it."""

    def __init__(self, status: str, alias: dict[str, Any], **info: Any) -> None:
        self._before: dict[str, Any] = {
            "FunctionVersion": "1",
            "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.1}},
        }
        self._after = alias
        self._info = {"deploymentId": "d-1", "status": status, "completeTime": NOW, **info}
        self.codedeploy = self
        self.lambda_ = self

    def get_alias(self, **_: str) -> dict[str, Any]:
        return self._before

    def get_deployment(self, **_: str) -> dict[str, Any]:
        self._before = self._after
        return {"deploymentInfo": self._info}

    def list_deployment_targets(self, **_: str) -> dict[str, Any]:
        return {"targetIds": []}


def seen(aws: MovingAws, phase: Phase) -> Any:
    deployment = a_release(NOW, "a").deployments["a"]
    deployment = deployment.but(from_version="1", to_version="2", deployment_id="d-1", phase=phase)
    driver = LambdaDriver(aws, CONTRACT, "r", NOW)  # type: ignore[arg-type]
    observed = driver.observe(deployment)
    return observed, decide(deployment, observed, NOW, MINUTE)


def test_a_promotion_that_ends_while_it_is_looked_at_is_no_move_by_somebody_else() -> None:
    observed, decided = seen(MovingAws("Succeeded", {"FunctionVersion": "2"}), Phase.CANARY)
    assert observed.outcome is Outcome.SUCCEEDED
    assert (decided.phase, decided.cause) == (Phase.BAKING, None)


def test_an_alias_that_somebody_else_moved_is_still_noticed() -> None:
    _, decided = seen(MovingAws("Succeeded", {"FunctionVersion": "7"}), Phase.CANARY)
    assert decided.phase is Phase.FAILED
    assert "version 7 at 100 % serves instead of version 2" in (decided.cause or "")
