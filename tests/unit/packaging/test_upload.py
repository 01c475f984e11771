"""Uploads: only what is missing, and never anything else under its name."""

from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from botocore.stub import ANY, Stubber

from lockgate.errors import LockgateError
from lockgate.packaging import Built, Bundle, upload

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
CHECKSUM = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="
HEAD = {"Bucket": "b", "Key": "k", "ChecksumMode": "ENABLED"}
STORED = {"ContentLength": 4, "ChecksumSHA256": CHECKSUM}


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    (tmp_path / "a.zip").write_bytes(b"test")
    built = Built(path="a.zip", sha256=DIGEST, code_sha256=CHECKSUM, size=4, key="k")
    return Bundle(root=tmp_path, commit=None, dirty=False, created_at=NOW, services={"a": built})


@pytest.fixture
def stub() -> Stubber:
    return Stubber(boto3.client("s3", "eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"))


def test_what_is_missing_is_uploaded_with_its_checksum(bundle: Bundle, stub: Stubber) -> None:
    stub.add_client_error("head_object", "404", http_status_code=404, expected_params=HEAD)
    put = {"Bucket": "b", "Key": "k", "Body": b"test", "ContentType": ANY, "ChecksumSHA256": CHECKSUM}
    stub.add_response("put_object", {}, put)
    stub.add_response("head_object", STORED, HEAD)
    with stub:
        assert upload(bundle, stub.client, "b") == ["k"]
    stub.assert_no_pending_responses()


def test_what_is_there_is_not_uploaded_again(bundle: Bundle, stub: Stubber) -> None:
    stub.add_response("head_object", STORED, HEAD)
    with stub:
        assert upload(bundle, stub.client, "b") == []


@pytest.mark.parametrize("stored", [{**STORED, "ContentLength": 5}, {**STORED, "ChecksumSHA256": "x" * 44}])
def test_something_else_under_its_name_is_refused(
    bundle: Bundle, stub: Stubber, stored: dict[str, object]
) -> None:
    stub.add_response("head_object", stored, HEAD)
    with stub, pytest.raises(LockgateError, match="does not hold what its name says"):
        upload(bundle, stub.client, "b")


def test_a_failed_upload_is_an_error(bundle: Bundle, stub: Stubber) -> None:
    stub.add_client_error("head_object", "404", http_status_code=404)
    stub.add_client_error("put_object", "BadDigest", http_status_code=400)
    with stub, pytest.raises(stub.client.exceptions.ClientError, match="BadDigest"):
        upload(bundle, stub.client, "b")


@pytest.mark.parametrize(("content", "message"), [(b"other", "was changed after"), (None, "cannot be read")])
def test_a_file_that_is_not_what_was_built_is_not_uploaded(
    bundle: Bundle, stub: Stubber, content: bytes | None, message: str
) -> None:
    path = bundle.root / "a.zip"
    path.write_bytes(content) if content else path.unlink()
    stub.add_client_error("head_object", "404", http_status_code=404)
    with stub, pytest.raises(LockgateError, match=message):
        upload(bundle, stub.client, "b")
    stub.assert_no_pending_responses()
