"""ECR: its own API for layers, beside `docker push`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localaws.image_layers import LayerError, Repository
from localaws.ministack_patches.contract import Internal

_ECR = "ministack.services.ecr"

INTERNALS: tuple[Internal, ...] = (
    Internal(_ECR, "_repositories"),
    Internal(_ECR, "_images"),
    Internal(_ECR, "_layer_blobs"),
    Internal(_ECR, "_manifest_blobs"),
    Internal(_ECR, "_uploads"),
    Internal(_ECR, "_registry_id", ()),
    Internal(_ECR, "json_response"),
    Internal(_ECR, "error_response_json"),
    Internal(_ECR, "_initiate_layer_upload", ("data",)),
    Internal(_ECR, "_upload_layer_part", ("data",)),
    Internal(_ECR, "_complete_layer_upload", ("data",)),
    Internal(_ECR, "_batch_check_layer_availability", ("data",)),
    Internal(_ECR, "_put_image", ("data",)),
)


def keep_image_layers() -> None:
    """Has ECR's own API for layers keep them, where `docker push` puts them too."""
    from ministack.services import ecr

    operations = {
        "_initiate_layer_upload": Repository.initiate,
        "_upload_layer_part": Repository.upload_part,
        "_complete_layer_upload": Repository.complete,
        "_batch_check_layer_availability": Repository.availability,
    }
    for name, operation in operations.items():
        setattr(ecr, name, _layer_answer(getattr(ecr, name), operation))
    ecr._put_image = _checked_image(ecr._put_image)


def _layer_answer(
    original: Callable[[Any], Any], operation: Callable[[Repository, Any], dict[str, Any]]
) -> Callable[[Any], Any]:
    from ministack.services import ecr

    def answer(data: Any) -> Any:
        repository = _repository(data)
        if repository is None:
            return original(data)
        try:
            found = operation(repository, data)
        except LayerError as error:
            return ecr.error_response_json(error.code, error.message, 400)
        named = {"registryId": ecr._registry_id(), "repositoryName": repository.name}
        return ecr.json_response(found if "layers" in found else {**named, **found})

    return answer


def _checked_image(put: Callable[[Any], Any]) -> Callable[[Any], Any]:
    from ministack.services import ecr

    def checked(data: Any) -> Any:
        repository = _repository(data)
        if repository is not None:
            images = ecr._images.get(repository.name, [])
            known = {image["imageDigest"]: image.get("imageTags", []) for image in images}
            try:
                digest = repository.check_image(data, known)
            except LayerError as error:
                return ecr.error_response_json(error.code, error.message, 400)
            manifests = ecr._manifest_blobs.setdefault(repository.name, {})
            manifests[digest] = data["imageManifest"].encode()
        return put(data)

    return checked


def _repository(data: Any) -> Repository | None:
    from ministack.services import ecr

    name = str(data.get("repositoryName", ""))
    if name not in ecr._repositories:
        return None
    blobs, uploads = (store.setdefault(name, {}) for store in (ecr._layer_blobs, ecr._uploads))
    return Repository(name, blobs, uploads)
