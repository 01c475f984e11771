"""The registry: images are pushed from their archive, and released by digest.

ECR takes layers and manifests through its own API, with the credentials and the permissions that `docker
push` needs too (ECR API reference, InitiateLayerUpload and what follows it), so that no daemon takes part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

from lockgate.errors import LockgateError, RefusedError
from lockgate.packaging.bundle import BuiltImage, Bundle
from lockgate.packaging.oci import Image, read_blob, read_image
from lockgate.packaging.workshop import at_once

if TYPE_CHECKING:
    from mypy_boto3_ecr.client import ECRClient

_HINTS = {
    "AccessDeniedException": "A registry that environments share is written by builds alone. Let one make "
    "the bundle (make build ARGS=--remote), and release what it prints with BUNDLE=.",
    "RepositoryNotFoundException": "Apply Terraform first: make apply ENV=<environment>, or make apply "
    "STACK=tooling where environments share a registry.",
}
"""What to do where ECR refuses, by the code of its error."""

Answer = TypeVar("Answer")

_CHECKED_AT_ONCE = 100
"""Layers in a call of BatchCheckLayerAvailability (API reference)."""


@dataclass(frozen=True)
class Registry:
    """The images of an account.

    Args:
        ecr: a client.
        account_id: whose registry it is.
        repository: name of a service's repository.
    """

    ecr: ECRClient
    account_id: str
    repository: Callable[[str], str]

    def push(self, bundle: Bundle) -> list[str]:
        """Pushes the images that are missing; returns their names. What is interrupted can be repeated: a
        manifest, and with it the image, is stored last.

        Raises:
            LockgateError: what lies in `.build` is not what the bundle names.
            RefusedError: ECR does not let it in.
        """
        missing = [name for name, built in bundle.images.items() if not self._holds(name, built)]
        for service in missing:
            self._push(service, bundle.images[service], bundle.root / bundle.images[service].path)
        self.verify(bundle.only(missing))
        return [f"{self.repository(service)}@{bundle.images[service].digest}" for service in missing]

    def verify(self, bundle: Bundle) -> None:
        """Makes sure that every image of a bundle can be pulled: its manifest, and all that it names.

        Raises:
            RefusedError: one is missing.
        """
        for service, built in bundle.images.items():
            if not self._holds(service, built):
                raise RefusedError(
                    f"registry {self.account_id}: {self.repository(service)} has no image {built.digest}",
                    hint="Build and publish that commit again: make build ARGS=--publish",
                )

    def _holds(self, service: str, built: BuiltImage) -> bool:
        answer = self._asked(
            service,
            lambda: self.ecr.batch_get_image(
                **self._of(service),
                imageIds=[{"imageDigest": built.digest}],
                acceptedMediaTypes=[
                    "application/vnd.oci.image.manifest.v1+json",
                    "application/vnd.docker.distribution.manifest.v2+json",
                ],
            ),
        )
        manifests = [each["imageManifest"].encode() for each in answer["images"]]
        return any(hashlib.sha256(each).hexdigest() == built.sha256 for each in manifests)

    def _push(self, service: str, built: BuiltImage, archive: Path) -> None:
        image = read_image(archive)
        if image.digest != built.digest:
            raise LockgateError(
                f"{archive} holds {image.digest}, and the bundle names {built.digest}",
                hint="Delete .build and build again.",
            )
        at_once(lambda digest: self._push_layer(service, archive, digest), self._missing(service, image))
        try:
            self._asked(
                service,
                lambda: self.ecr.put_image(
                    **self._of(service),
                    imageManifest=image.manifest.decode(),
                    imageManifestMediaType=image.media_type,
                    imageDigest=image.digest,
                    imageTag=built.tag,
                ),
            )
        except self.ecr.exceptions.ImageAlreadyExistsException:
            return

    def _missing(self, service: str, image: Image) -> list[str]:
        """Layers that the repository has not, and the configuration, which ECR counts as one."""
        wanted = list(image.blobs)
        there: set[str] = set()
        for start in range(0, len(wanted), _CHECKED_AT_ONCE):
            some = wanted[start : start + _CHECKED_AT_ONCE]
            answer = self._asked(
                service,
                lambda some=some: self.ecr.batch_check_layer_availability(  # type: ignore[misc]
                    **self._of(service), layerDigests=some
                ),
            )
            there |= {
                each["layerDigest"] for each in answer["layers"] if each["layerAvailability"] == "AVAILABLE"
            }
        return [digest for digest in wanted if digest not in there]

    def _push_layer(self, service: str, archive: Path, digest: str) -> None:
        data = read_blob(archive, digest)
        begun = self._asked(service, lambda: self.ecr.initiate_layer_upload(**self._of(service)))
        upload, size = begun["uploadId"], begun["partSize"]
        for first in range(0, len(data), size):
            part = data[first : first + size]
            self.ecr.upload_layer_part(
                **self._of(service),
                uploadId=upload,
                partFirstByte=first,
                partLastByte=first + len(part) - 1,
                layerPartBlob=part,
            )
        try:
            self.ecr.complete_layer_upload(**self._of(service), uploadId=upload, layerDigests=[digest])
        except self.ecr.exceptions.LayerAlreadyExistsException:
            return

    def _of(self, service: str) -> dict[str, str]:
        return {"registryId": self.account_id, "repositoryName": self.repository(service)}

    def _asked(self, service: str, ask: Callable[[], Answer]) -> Answer:
        try:
            return ask()
        except ClientError as error:
            hint = _HINTS.get(error.response["Error"]["Code"])
            if hint is None:
                raise
            raise RefusedError(
                f"registry {self.account_id}: {self.repository(service)}: {error}", hint=hint
            ) from error
