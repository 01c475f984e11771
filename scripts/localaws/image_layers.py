"""Layers of images through ECR's own API, which MiniStack answers without keeping anything.

What is uploaded so is found by `docker pull`, and the other way round: both go to the same store.
Source: ECR API reference, InitiateLayerUpload, UploadLayerPart, CompleteLayerUpload,
BatchCheckLayerAvailability and PutImage, with their errors.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

PART_SIZE = 10 * 1024 * 1024
"""What the service tells clients to send at a time."""


class LayerError(Exception):
    """ECR refuses.

    Args:
        code: name of the exception.
        message: what it says.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Repository:
    """What one repository holds of layers.

    Args:
        name: its name.
        blobs: layers and configurations, by digest.
        uploads: bytes so far, by upload.
    """

    name: str
    blobs: MutableMapping[str, bytes]
    uploads: MutableMapping[str, bytearray]

    def initiate(self, request: dict[str, Any]) -> dict[str, Any]:
        """InitiateLayerUpload."""
        del request
        upload = str(uuid.uuid4())
        self.uploads[upload] = bytearray()
        return {"uploadId": upload, "partSize": PART_SIZE}

    def upload_part(self, request: dict[str, Any]) -> dict[str, Any]:
        """UploadLayerPart: parts come in order."""
        so_far = self._upload(request)
        part = base64.b64decode(request["layerPartBlob"])
        first, last = request["partFirstByte"], request["partLastByte"]
        if first != len(so_far) or last != first + len(part) - 1:
            raise LayerError(
                "InvalidLayerPartException",
                f"The layer part has bytes {first} to {last}, and the next byte is {len(so_far)}",
            )
        so_far.extend(part)
        return {"uploadId": request["uploadId"], "lastByteReceived": last}

    def complete(self, request: dict[str, Any]) -> dict[str, Any]:
        """CompleteLayerUpload."""
        data = bytes(self._upload(request))
        (digest,) = request["layerDigests"]
        if not data:
            raise LayerError("EmptyUploadException", "The layer upload does not contain any layer parts")
        if digest != f"sha256:{hashlib.sha256(data).hexdigest()}":
            raise LayerError("InvalidLayerException", f"The layer does not have the digest '{digest}'")
        del self.uploads[request["uploadId"]]
        if digest in self.blobs:
            raise LayerError(
                "LayerAlreadyExistsException", f"The image layer '{digest}' already exists in '{self.name}'"
            )
        self.blobs[digest] = data
        return {"uploadId": request["uploadId"], "layerDigest": digest}

    def availability(self, request: dict[str, Any]) -> dict[str, Any]:
        """BatchCheckLayerAvailability."""
        layers = [
            {
                "layerDigest": digest,
                "layerAvailability": "AVAILABLE" if digest in self.blobs else "UNAVAILABLE",
                "layerSize": len(self.blobs.get(digest, b"")),
            }
            for digest in request["layerDigests"]
        ]
        return {"layers": layers, "failures": []}

    def check_image(self, request: dict[str, Any], known: dict[str, list[str]]) -> str:
        """Checks what PutImage is asked to store; returns its digest.

        Args:
            request: of PutImage.
            known: tags of the images that are there, by digest.

        Raises:
            LayerError: the digest or a layer does not fit, or the same image is there with that tag.
        """
        manifest = request["imageManifest"]
        digest = f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
        if request.get("imageDigest", digest) != digest:
            raise LayerError(
                "ImageDigestDoesNotMatchException",
                f"The image manifest has digest '{digest}', not '{request['imageDigest']}'",
            )
        tag = request.get("imageTag")
        if digest in known and (tag is None or tag in known[digest]):
            raise LayerError(
                "ImageAlreadyExistsException",
                f"Image with digest '{digest}' and tag '{tag}' already exists in the repository with name "
                f"'{self.name}'",
            )
        content = json.loads(manifest)
        named = [content.get("config"), *content.get("layers", [])]
        missing = [each["digest"] for each in named if each and each["digest"] not in self.blobs]
        if missing:
            raise LayerError(
                "LayersNotFoundException",
                f"Layers with digests '{missing}' required for pushing image into repository with name "
                f"'{self.name}' do not exist",
            )
        return digest

    def _upload(self, request: dict[str, Any]) -> bytearray:
        try:
            return self.uploads[request["uploadId"]]
        except KeyError:
            raise LayerError(
                "UploadNotFoundException",
                f"The upload '{request.get('uploadId')}' does not exist in '{self.name}'",
            ) from None
