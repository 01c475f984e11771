"""The bill of materials of an artifact: CycloneDX 1.6, as JSON, the same bytes for the same artifact."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Any

from lockgate.packaging.dependencies import Package


def sbom(service: str, sha256: str, packages: Iterable[Package], bases: Iterable[str] = ()) -> bytes:
    """A CycloneDX document without a time; its serial number follows from the artifact.

    Args:
        service: what the artifact is for.
        sha256: its hexadecimal digest.
        packages: what is in it besides the service's own code.
        bases: images that it was built from, each with its digest.

    Source: CycloneDX 1.6 JSON reference; package URLs as in the purl specification, type `pypi`.
    """
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, sha256)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": service,
                "name": service,
                "version": sha256[:12],
                "hashes": [{"alg": "SHA-256", "content": sha256}],
            }
        },
        "components": [
            *(_component(package) for package in sorted(packages, key=lambda p: p.name)),
            *(_image(base) for base in sorted(set(bases))),
        ],
    }
    return json.dumps(document, indent=1).encode()


def _component(package: Package) -> dict[str, Any]:
    purl = f"pkg:pypi/{package.name}@{package.version}"
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": package.version,
        "purl": purl,
    }
    if package.license:
        known = {"expression": package.license} if package.is_spdx else {"license": {"name": package.license}}
        component["licenses"] = [known]
    return component


def _image(base: str) -> dict[str, Any]:
    name, _, digest = base.partition("@")
    hashes = [{"alg": "SHA-256", "content": digest.removeprefix("sha256:")}]
    return {"type": "container", "bom-ref": base, "name": name, "version": digest, "hashes": hashes}
