"""A Buildah that makes an image of the context as one layer, or fails, and writes down how it was called.

It takes USER and the architecture of the platform that is asked for, and copies no base image.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

_SCRIPT = """#!{python}
import hashlib, io, json, pathlib, re, sys, tarfile
here = pathlib.Path(__file__)
will = json.loads(here.with_suffix(".will").read_text())
if sys.argv[1:] == ["--version"]:
    print("buildah version " + will["version"])
    sys.exit()
with here.with_suffix(".calls").open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
if will["fail"]:
    sys.exit("STEP 3/4: RUN false\\nerror: building at STEP \\"RUN false\\": exit status 1")
user = re.findall(r"^USER +(.*)", pathlib.Path("Dockerfile").read_text(), re.MULTILINE)
architecture = sys.argv[sys.argv.index("--platform") + 1].rpartition("/")[2]
layer = io.BytesIO()
with tarfile.open(fileobj=layer, mode="w") as tar:
    for path in sorted(path for path in pathlib.Path().rglob("*") if path.is_file()):
        entry = tarfile.TarInfo(path.as_posix())
        entry.mode, entry.size = path.stat().st_mode & 0o777, path.stat().st_size
        tar.addfile(entry, io.BytesIO(path.read_bytes()))
blobs = {{}}
def put(data):
    digest = hashlib.sha256(data).hexdigest()
    blobs[f"blobs/sha256/{{digest}}"] = data
    return {{"digest": f"sha256:{{digest}}", "size": len(data)}}
config = {{"architecture": will["architecture"] or architecture, "config": {{"User": (user or [""])[-1]}}}}
unpacked = "sha256:" + hashlib.sha256(layer.getvalue()).hexdigest()
config |= {{"os": "linux", "rootfs": {{"type": "layers", "diff_ids": [unpacked]}}}}
kind = "application/vnd.oci.image."
config = {{"mediaType": kind + "config.v1+json", **put(json.dumps(config).encode())}}
layers = [{{"mediaType": kind + "layer.v1.tar", **put(layer.getvalue())}}]
manifest = {{"schemaVersion": 2, "mediaType": kind + "manifest.v1+json", "config": config, "layers": layers}}
described = {{"mediaType": kind + "manifest.v1+json", **put(json.dumps(manifest).encode())}}
blobs["index.json"] = json.dumps({{"schemaVersion": 2, "manifests": [described]}}).encode()
with tarfile.open(sys.argv[sys.argv.index("--tag") + 1].partition(":")[2], "w") as tar:
    for name, data in blobs.items():
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
"""


class FakeBuildah:
    """See the module; `folder` has to come first on the PATH."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.path = folder / "buildah"
        self.path.write_text(_SCRIPT.format(python=sys.executable))
        self.path.chmod(0o755)
        self.will()

    def will(self, *, fail: bool = False, version: str = "1.0", architecture: str | None = None) -> None:
        """What the next calls do."""
        will = {"fail": fail, "version": version, "architecture": architecture}
        self.path.with_suffix(".will").write_text(json.dumps(will))

    @property
    def builds(self) -> list[list[str]]:
        """Arguments of each build."""
        calls = self.path.with_suffix(".calls")
        return [json.loads(line) for line in calls.read_text().splitlines()] if calls.exists() else []
