"""The Terraform binary and its providers: found where they are, else downloaded with a checksum."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import io
import json
import os
import platform
import shutil
import subprocess
import tempfile
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from lockgate.errors import LockgateError, RefusedError

VERSION = "1.11.4"
"""The release that is downloaded; any of the same major version from 1.11 on is taken where it is found."""

OLDEST = (1, 11)
_RANGE = f"from {OLDEST[0]}.{OLDEST[1]} on"

CHECKSUMS = {
    "darwin_amd64": "a56d5002b9f7647291faccc3dd1a70350e60fb61e4c45037629508b8fdc2575b",
    "darwin_arm64": "867e0808fa971217043e25b7a792b10720c79b1546f8a68479b74f138be73e18",
    "linux_amd64": "1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc",
    "linux_arm64": "a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633",
}
"""SHA-256 of HashiCorp's archives of `VERSION`."""

GARBAGE_PERCENT = "500"
"""How far the heap of Terraform and of its providers grows before garbage is collected (Go's documentation,
"A Guide to the Go Garbage Collector"). At Go's own 100 a quarter of a plan's processor time goes into looking
at what lives as long as the process does, the provider's schemas. At 500 a provider takes 800 MB, not 570;
to be given more memory than that costs as much as it saves."""

PROVIDER = Path("registry.terraform.io/hashicorp/aws")

_MIRROR_ROOTS = (
    "/opt",
    "/usr/local/share",
    "/usr/share",
    "/srv",
    "/var/lib",
    "~/.terraform.d",
    "~/.local/share",
)


@dataclass(frozen=True)
class Toolchain:
    """What Terraform is run with.

    Attributes:
        terraform: the binary.
        config: a CLI configuration that names a provider mirror, or None for the user's own.
    """

    terraform: Path
    config: Path | None

    @classmethod
    def find(cls, root: Path) -> Toolchain:
        """Finds or downloads what is needed.

        Args:
            root: the repository; downloads and the CLI configuration go into its `.lockgate`.

        Raises:
            RefusedError: there is no Terraform, and it cannot be downloaded.
        """
        home = root / ".lockgate"
        mirror = find_mirror()
        return cls(_terraform(home), _config(home, mirror) if mirror else None)

    @cached_property
    def version(self) -> str:
        """Version of the binary."""
        return _version(self.terraform) or "unknown"

    def environment(self) -> dict[str, str]:
        """Variables for the child process."""
        found = {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        found["GOGC"] = os.environ.get("GOGC", GARBAGE_PERCENT)
        if self.config is not None:
            found["TF_CLI_CONFIG_FILE"] = str(self.config)
        return found


def find_mirror() -> Path | None:
    """A folder with providers for this platform, in Terraform's layout for filesystem mirrors.

    It is what LOCKGATE_PROVIDER_MIRROR names (empty: none), else the first that holds the AWS provider under
    the usual roots for add-on software.

    Raises:
        RefusedError: LOCKGATE_PROVIDER_MIRROR names a folder that is not such a mirror.
    """
    named = os.environ.get("LOCKGATE_PROVIDER_MIRROR")
    if named is None:
        return next(_mirrors(), None)
    if named and not _holds_provider(Path(named)):
        raise RefusedError(
            f"LOCKGATE_PROVIDER_MIRROR={named} has no {PROVIDER} for {_platform()}",
            hint="Make one with `terraform providers mirror`, or set it empty to download as usual.",
        )
    return Path(named) if named else None


def _mirrors() -> Iterator[Path]:
    for root in _MIRROR_ROOTS:
        folder = Path(root).expanduser()
        for depth in ("", "*/", "*/*/"):
            found = sorted(path.parent for path in folder.glob(f"{depth}{PROVIDER.parts[0]}"))
            yield from filter(_holds_provider, found)


def _holds_provider(mirror: Path) -> bool:
    """Whether a mirror has a version for this platform: unpacked, or as an archive (Terraform's
    documentation, "Provider Installation", filesystem_mirror). What may not be read holds nothing."""
    with contextlib.suppress(PermissionError):
        folder = mirror / PROVIDER
        return any(folder.glob(f"*/{_platform()}")) or any(folder.glob(f"*_{_platform()}.zip"))
    return False


def _platform() -> str:
    """Operating system and architecture as Go and Terraform name them."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(machine, machine) }"


def _config(home: Path, mirror: Path) -> Path:
    path = home / "terraform.rc"
    quoted = json.dumps(str(mirror))
    text = f"""provider_installation {{
  filesystem_mirror {{
    path    = {quoted}
    include = ["{PROVIDER}"]
  }}
  direct {{
    exclude = ["{PROVIDER}"]
  }}
}}
"""
    if not path.is_file() or path.read_text() != text:
        home.mkdir(parents=True, exist_ok=True)
        _write(path, text.encode())
    return path


def _terraform(home: Path) -> Path:
    named = os.environ.get("LOCKGATE_TERRAFORM")
    if named:
        version = _version(Path(named))
        if version is None or not _fits(version):
            raise RefusedError(
                f"LOCKGATE_TERRAFORM={named} is not a Terraform {_RANGE} (it is {version})",
                hint="Point it to one, or unset it.",
            )
        return Path(named)
    found = shutil.which("terraform")
    if found and (version := _version(Path(found))) and _fits(version):
        return Path(found)
    own = home / "bin" / f"terraform-{VERSION}"
    if not own.is_file():
        _download(own)
    return own


def _version(binary: Path) -> str | None:
    """What it says, asked once for each binary that is there."""
    try:
        return _said_version(binary, binary.stat().st_mtime_ns)
    except OSError:
        return None


@cache
def _said_version(binary: Path, _changed: int) -> str | None:
    try:
        done = subprocess.run(
            [binary, "version", "-json"],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
            env={**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull},
        )
        return str(json.loads(done.stdout)["terraform_version"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return None


def _fits(version: str) -> bool:
    major, minor = (int(part) for part in version.split(".")[:2])
    return (major, minor) >= OLDEST and major == OLDEST[0]


def _download(target: Path) -> None:
    name = _platform()
    url = f"https://releases.hashicorp.com/terraform/{VERSION}/terraform_{VERSION}_{name}.zip"
    by_hand = f"Install Terraform {VERSION} yourself, or name it with LOCKGATE_TERRAFORM."
    if name not in CHECKSUMS:
        raise RefusedError(f"no checksum of Terraform {VERSION} is known for {name}", hint=by_hand)
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            archive = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise RefusedError(
            f"there is no Terraform {_RANGE} here, and {url} cannot be fetched: {error}",
            hint=by_hand,
        ) from error
    if hashlib.sha256(archive).hexdigest() != CHECKSUMS[name]:
        raise LockgateError(f"{url} does not have the pinned checksum: it was thrown away", hint=by_hand)
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(target, packed.read("terraform"), mode=0o755)


def _write(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Writes a file whole or not at all, so that two processes at once do no harm."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
    Path(file.name).chmod(mode)
    Path(file.name).replace(path)
