"""Requests and answers of AWS services, checked against botocore's own service models."""

from __future__ import annotations


class ServiceError(Exception):
    """An error that a service answers with.

    Args:
        code: the error's name in the service model, or one of the common ones.
        message: what the client shows.
        status: HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
