"""What `deploy` and `apply` do first where the environment is an embedded AWS: start it."""

from __future__ import annotations

import subprocess
import sys
from urllib.parse import urlsplit

from rich.console import Console

from lockgate.commands.options import Opened
from lockgate.errors import RefusedError
from lockgate.plans.workload import Workload


def start_emulator(opened: Opened, out: Console) -> None:
    """Starts what answers at the environment's endpoint, unless it runs already.

    Raises:
        RefusedError: its port is taken, or it does not start.
    """
    environment = opened.environment
    if environment.emulator is None:
        return
    port = urlsplit(str(environment.endpoint_url)).port or 80
    command = [sys.executable, "-m", environment.emulator, "up", "--port", str(port)]
    command += ["--minute", f"{environment.minute_seconds:g}"]
    done = subprocess.run(command, cwd=opened.project.root, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise RefusedError(
            f"the embedded AWS does not start: {' '.join(words)}",
            hint=f"Look at .lockgate/{environment.emulator}/, or change endpoint_url in platform.yaml.",
        )
    out.print(done.stdout.strip(), markup=False, soft_wrap=True)


def bring_up(opened: Opened, out: Console) -> None:
    """Starts the embedded AWS, and applies Terraform where something that it reads has changed."""
    start_emulator(opened, out)
    opened.checked()
    workload = Workload(opened.project, opened.name, opened.aws)
    workload.check_state_bucket()
    if workload.applied_digest() == workload.inputs_digest():
        return
    apply_workload(workload, out)


def apply_workload(workload: Workload, out: Console) -> bool:
    """Plans and applies the workload stack; whether anything changed."""
    with out.status("Terraform is planning") as status:
        plan = workload.plan(status.update)
        out.print("Terraform: nothing to change" if plan is None else "Terraform: applying")
        workload.apply(plan, status.update)
    return plan is not None
