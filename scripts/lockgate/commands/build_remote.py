"""`lockgate build --remote`: the same build in CodeBuild, which may write the artifact store."""

from __future__ import annotations

from rich.console import Console

from lockgate.commands.opened import OpenedAccount
from lockgate.errors import LockgateError
from lockgate.interrupts import Detached, Interrupts
from lockgate.packaging.provenance import COMMIT, DIRTY, provenance
from lockgate.packaging.remote import RemoteBuild, failure
from lockgate.packaging.sources import packed

ENVIRONMENT, SERVICES = "LOCKGATE_ENV", "LOCKGATE_SERVICES"
"""Environment variables that `buildspec.yml` hands to make; the names of services are separated by spaces."""


def build_remote(
    opened: OpenedAccount, environment: str | None, services: tuple[str, ...], out: Console
) -> None:
    """Builds the sources of this folder with the account's build project, and publishes the bundle.

    Args:
        opened: the account that holds store and project.
        environment: whose declarations hold; None means that all must agree.
        services: names; none means all.
        out: gets the build's log.

    Raises:
        LockgateError: the build did not succeed.
    """
    root = opened.project.root
    commit, dirty = provenance(root)
    store = opened.own_store
    source = f"{store.bucket}/{store.put_sources(packed(root))}"
    variables = {
        COMMIT: commit or "",
        DIRTY: str(dirty).lower(),
        ENVIRONMENT: environment or "",
        SERVICES: " ".join(services),
    }
    project = opened.project.platform.build_project_of(opened.name)
    build = RemoteBuild.start(opened.aws.codebuild, opened.aws.logs, project, source, variables)
    out.print(f"Build {build.build_id} of s3://{source}", markup=False, soft_wrap=True)
    _follow(build, out)


def _follow(build: RemoteBuild, out: Console) -> None:
    asked = False
    with Interrupts() as interrupts:

        def sleep(seconds: float) -> None:
            nonlocal asked
            interrupts.sleep(seconds)
            if interrupts.first and not asked:
                asked = True
                out.print(f"{interrupts.first}: stopping the build; once more leaves it alone")
                build.stop()

        try:
            ended = build.follow(lambda line: out.print(line, markup=False, soft_wrap=True), sleep)
        except Detached:
            raise LockgateError(
                f"build {build.build_id} was left alone while it ended",
                hint="See how it ended in CodeBuild.",
            ) from None
    if ended["buildStatus"] != "SUCCEEDED":
        raise failure(ended)
