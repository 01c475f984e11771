"""`lockgate attested`: whether GitHub attests that the release workflow of this repository built a bundle."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import click

from lockgate.commands.opened import Opened, opens
from lockgate.errors import LockgateError, RefusedError, UsageError
from lockgate.packaging import Bundle

WORKFLOW = ".github/workflows/release.yml"
_BRANCH = "refs/heads/main"


@click.command()
@opens
@click.option("--bundle", "reference", required=True, metavar="BUNDLE", help="A bundle's digest or commit.")
def attested(opened: Opened, reference: str) -> None:
    """Check who built a bundle, by GitHub's attestation of it; exit code 4 where nobody attests that.

    A bundle names its artifacts by SHA-256, and a release takes only those: what attests it attests them.
    """
    bundle = opened.checked().store.fetch(reference, opened.project.root)
    check(bundle)
    click.echo(f"{WORKFLOW} on main has built {bundle.sha256} from {bundle.commit}.")


def check(bundle: Bundle) -> None:
    """Has GitHub's command line verify a bundle.

    Raises:
        UsageError: it is not known which repository should have built it.
        LockgateError: `gh` is not there.
        RefusedError: nobody attests it.
    """
    repository = os.environ.get("GITHUB_REPOSITORY")
    if not repository:
        raise UsageError("which repository on GitHub?", hint="Set GITHUB_REPOSITORY=owner/name.")
    if shutil.which("gh") is None:
        raise LockgateError(
            "gh is not there, which verifies attestations",
            hint="Install GitHub's command line (cli.github.com).",
        )
    with tempfile.TemporaryDirectory(prefix="lockgate-attested-") as folder:
        file = Path(folder) / "bundle.json"
        file.write_bytes(bundle.content)
        command = ["gh", *arguments(file, repository, bundle.commit)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RefusedError(
            f"nobody attests bundle {bundle.sha256}: {(done.stderr or done.stdout).strip()}",
            hint=f"Release a bundle that {WORKFLOW} has built on main of {repository}.",
        )


def arguments(file: Path, repository: str, commit: str | None) -> list[str]:
    """Arguments of `gh`: who signed it, on which branch, and from which commit (GitHub CLI manual, "gh
    attestation verify")."""
    of_commit = ["--source-digest", commit] if commit else []
    return [
        *("attestation", "verify", str(file), "--repo", repository),
        *("--signer-workflow", f"{repository}/{WORKFLOW}", "--source-ref", _BRANCH),
        *of_commit,
    ]
