"""The artifact store: only what is missing is uploaded, and nothing else ever stands under a name."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lockgate.errors import LockgateError, RefusedError, UsageError
from lockgate.packaging import BuiltZip, Bundle
from lockgate.packaging.bundle import Stored
from lockgate.packaging.store import ArtifactStore

COMMIT = "c" * 40
STORED = datetime(2026, 1, 1, tzinfo=UTC)


class FakeS3:
    """One bucket. Refuses an object whose checksum is not the one that was sent, as S3 does."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.order: list[str] = []
        self.calls: Counter[str] = Counter()
        self.cut_off: set[str] = set()
        self.refuses: str | None = None
        self._lock = threading.Lock()

    def head_object(self, Bucket: str, Key: str, ChecksumMode: str) -> dict[str, Any]:  # noqa: N803
        with self._lock:
            self.calls["head"] += 1
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "404"}}, "HeadObject")
        data = self.objects[Key]
        return {"ContentLength": len(data), "ChecksumSHA256": _checksum(data), "LastModified": STORED}

    def put_object(self, Bucket: str, Key: str, Body: bytes, ChecksumSHA256: str, **_: Any) -> None:  # noqa: N803
        with self._lock:
            self.calls["put"] += 1
            self.order.append(Key)
        if self.refuses:
            raise ClientError({"Error": {"Code": self.refuses}}, "PutObject")
        data = Body[:-1] if Key in self.cut_off else Body
        if _checksum(data) != ChecksumSHA256:
            raise ClientError({"Error": {"Code": "BadDigest"}}, "PutObject")
        self.objects[Key] = data

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        import io

        return {"Body": io.BytesIO(self.objects[Key])}

    def get_paginator(self, operation: str) -> FakeS3:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: N803
        self.calls["list"] += 1
        start = datetime(2026, 1, 1, tzinfo=UTC)
        return [
            {
                "Contents": [
                    {"Key": key, "LastModified": start + timedelta(hours=place)}
                    for place, key in enumerate(self.order)
                    if key.startswith(Prefix) and key in self.objects
                ]
            }
        ]


def _checksum(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def bundle_of(root: Path, *names: str, commit: str | None = COMMIT, content: bytes = b"") -> Bundle:
    services = {}
    for name in names:
        stored = []
        for suffix in (".zip", ".cdx.json"):
            data = f"{name}{suffix}".encode() + content
            (root / f"{name}{suffix}").write_bytes(data)
            digest = hashlib.sha256(data).hexdigest()
            key = f"services/{name}/{digest}{suffix}"
            stored.append(Stored(path=f"{name}{suffix}", sha256=digest, size=len(data), key=key))
        services[name] = BuiltZip(
            **stored[0].model_dump(),
            runtime="python3.12",
            architecture="arm64",
            code_sha256="",
            unzipped=1,
            sbom=stored[1],
        )
    return Bundle(root=root, commit=commit, dirty=False, services=services)


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3()


@pytest.fixture
def store(s3: FakeS3) -> ArtifactStore:
    return ArtifactStore(s3, "b", lambda: STORED)  # type: ignore[arg-type]


def test_only_what_is_missing_is_uploaded(tmp_path: Path, s3: FakeS3, store: ArtifactStore) -> None:
    bundle = bundle_of(tmp_path, "a", "b")
    assert sorted(store.upload(bundle)) == sorted(file.key for file in bundle.files)
    assert store.upload(bundle) == []
    del s3.objects[bundle.services["a"].key]
    assert store.upload(bundle) == [bundle.services["a"].key]


def test_a_published_bundle_costs_one_request_to_publish_again(
    tmp_path: Path, s3: FakeS3, store: ArtifactStore
) -> None:
    bundle = bundle_of(tmp_path, *(f"service{n}" for n in range(100)))
    assert len(store.publish(bundle)) == 201
    assert s3.order[-1] == f"bundles/{COMMIT}/{bundle.sha256}.json"
    s3.calls.clear()
    assert store.publish(bundle) == []
    assert s3.calls == {"head": 1}


def test_an_old_bundle_that_is_published_again_is_made_whole_and_young(
    tmp_path: Path, s3: FakeS3, store: ArtifactStore
) -> None:
    bundle = bundle_of(tmp_path, "a")
    store.publish(bundle)
    lost = bundle.services["a"].key
    del s3.objects[lost]
    later = ArtifactStore(store.s3, "b", lambda: STORED + timedelta(hours=13))
    assert later.publish(bundle) == [lost]
    assert s3.order[-1] == f"bundles/{COMMIT}/{bundle.sha256}.json"


def test_a_published_bundle_is_found_by_its_commit_and_by_its_digest(
    tmp_path: Path, s3: FakeS3, store: ArtifactStore
) -> None:
    first, second = bundle_of(tmp_path, "a"), bundle_of(tmp_path, "a", "b")
    store.publish(first)
    store.publish(second)
    assert store.fetch(COMMIT, tmp_path) == second
    assert store.fetch(first.sha256, tmp_path) == first
    with pytest.raises(RefusedError, match="has no bundle of " + "d" * 40):
        store.fetch("d" * 40, tmp_path)
    with pytest.raises(UsageError, match="'main' is neither a file, nor a commit"):
        store.fetch("main", tmp_path)


def test_a_stored_bundle_that_was_changed_is_refused(
    tmp_path: Path, s3: FakeS3, store: ArtifactStore
) -> None:
    bundle = bundle_of(tmp_path, "a")
    store.publish(bundle)
    key = f"bundles/{COMMIT}/{bundle.sha256}.json"
    s3.objects[key] = s3.objects[key].replace(b'"dirty": false', b'"dirty": true')
    with pytest.raises(LockgateError, match="does not hold what its name says"):
        store.fetch(COMMIT, tmp_path)


@pytest.mark.parametrize("stored", [b"longer than it was", b"A.zip"])
def test_something_else_under_its_name_is_refused(
    tmp_path: Path, s3: FakeS3, store: ArtifactStore, stored: bytes
) -> None:
    bundle = bundle_of(tmp_path, "a")
    s3.objects[bundle.services["a"].key] = stored
    for verb in (store.upload, store.publish, store.verify):
        with pytest.raises(LockgateError, match="does not hold what its name says"):
            verb(bundle)


def test_what_is_not_stored_is_not_released(tmp_path: Path, store: ArtifactStore) -> None:
    bundle = bundle_of(tmp_path, "a")
    with pytest.raises(RefusedError, match=r"has not services/a/.*\.zip, services/a/.*\.cdx\.json"):
        store.verify(bundle)
    store.upload(bundle)
    store.verify(bundle)


def test_an_upload_that_was_cut_off_leaves_nothing_and_is_gone_on_with(
    tmp_path: Path, s3: FakeS3, store: ArtifactStore
) -> None:
    bundle = bundle_of(tmp_path, "a", "b")
    s3.cut_off = {bundle.services["b"].key}
    with pytest.raises(ClientError, match="BadDigest"):
        store.publish(bundle)
    assert bundle.services["b"].key not in s3.objects
    assert not any(key.startswith("bundles/") for key in s3.objects)
    s3.cut_off = set()
    store.publish(bundle)
    store.verify(store.fetch(COMMIT, tmp_path))


@pytest.mark.parametrize(("content", "message"), [(b"other", "was changed after"), (None, "cannot be read")])
def test_a_file_that_is_not_what_was_built_is_not_uploaded(
    tmp_path: Path, s3: FakeS3, store: ArtifactStore, content: bytes | None, message: str
) -> None:
    bundle = bundle_of(tmp_path, "a")
    path = tmp_path / "a.zip"
    path.write_bytes(content) if content else path.unlink()
    with pytest.raises(LockgateError, match=message):
        store.upload(bundle)
    assert bundle.services["a"].key not in s3.objects


@pytest.mark.parametrize(
    ("code", "hint"),
    [("AccessDenied", "make build ARGS=--remote"), ("NoSuchBucket", "Apply Terraform first")],
)
def test_a_store_that_refuses_uploads_says_what_to_do(
    tmp_path: Path, s3: FakeS3, store: ArtifactStore, code: str, hint: str
) -> None:
    s3.refuses = code
    with pytest.raises(RefusedError, match="cannot be written") as refused:
        store.upload(bundle_of(tmp_path, "a"))
    assert hint in refused.value.hint


def test_an_error_that_is_no_refusal_stays_what_it_is(
    tmp_path: Path, s3: FakeS3, store: ArtifactStore
) -> None:
    s3.refuses = "InternalError"
    with pytest.raises(ClientError):
        store.upload(bundle_of(tmp_path, "a"))
