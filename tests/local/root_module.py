"""A root module of a test's own, applied to the embedded AWS with the unmodified provider."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from lockgate.plans.toolchain import Toolchain
from tests.local.codedeploy_world import REGION
from tests.terraform.hcl import ROOT
from tests.terraform.toolchain import LOCK

_PROVIDER = """\
terraform {{
  required_providers {{
    aws = {{ source = "hashicorp/aws" }}
  }}
}}

provider "aws" {{
  access_key                  = "{account}"
  secret_key                  = "local"
  region                      = "{region}"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  endpoints {{
{endpoints}
  }}
}}
"""


class RootModule:
    """A root module in a folder of its own.

    Args:
        folder: empty.
        account: in which it is applied.
        endpoint: of the embedded AWS.
        services: whose endpoints the provider needs besides IAM's and STS's.
    """

    def __init__(self, folder: Path, account: str, endpoint: str, *services: str) -> None:
        self.folder = folder
        self.toolchain = Toolchain.find(ROOT)
        shutil.copy(ROOT / LOCK, folder / ".terraform.lock.hcl")
        endpoints = "\n".join(f'    {name} = "{endpoint}"' for name in (*services, "iam", "sts"))
        provider = _PROVIDER.format(account=account, region=REGION, endpoints=endpoints)
        (folder / "provider.tf").write_text(provider)
        self.run("init", "-lockfile=readonly")

    def run(self, command: str, *arguments: str) -> None:
        """Runs Terraform; it has to succeed."""
        ran = subprocess.run(
            [str(self.toolchain.terraform), command, "-input=false", "-no-color", *arguments],
            cwd=self.folder,
            env=os.environ | self.toolchain.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"

    def apply(self, text: str) -> None:
        """Applies it, and makes sure that nothing is left to do."""
        (self.folder / "main.tf").write_text(text)
        self.run("apply", "-auto-approve")
        self.run("plan", "-detailed-exitcode")
