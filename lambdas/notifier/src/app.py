"""The notifier: reads messages of the environment's topics from a queue and delivers each to a webhook.

Nothing is lost: what cannot be delivered now stays in the queue and comes back later, each time after twice
as long; what the webhook will never take, and what was tried too often, ends in the dead-letter queue. What
comes twice is delivered once, as far as the table of what was sent can know.
"""

import functools
import time
from collections.abc import Callable
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyAlreadyInProgressError
from aws_lambda_powertools.utilities.typing import LambdaContext
from delivery import LaterError, NeverError, post
from messages import Message, message_of
from rendering import request_of
from settings import Settings, read_settings, webhook_of

logger = Logger()

REMEMBERED_SECONDS = 7 * 24 * 3600
"""How long a message counts as the same one: longer than the queue keeps it, which is four days."""

MARGIN_MS = 3000
"""Time that is left for answering when the function's own time runs out."""


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Delivers a batch; the answer names the messages that have to come back.

    Raises:
        Exception: there is a defect here. The whole batch comes back then, and alarms and whoever judges
            this version see that it failed; a webhook that is out is no fault of it.
    """
    settings = read_settings() if event["Records"] else None
    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    with processor(records=event["Records"], handler=_one(settings, context)):
        processor.process()
    for _, error, _ in processor.exceptions:
        if not isinstance(error, LaterError):
            raise error
    return dict(processor.response())


def _one(settings: Settings | None, context: LambdaContext) -> Callable[[SQSRecord], str]:
    def deliver_one(record: SQSRecord) -> str:
        assert settings is not None
        message = message_of(record.body, record.message_id)
        if settings.webhook is None:
            logger.info("dropped: platform.yaml names no webhook", **_words(message))
            return "dropped"
        try:
            _check_time(settings, context)
            return _sending_once(settings.table, context)(message=message, settings=settings)
        except IdempotencyAlreadyInProgressError:
            return _come_back(record, settings, LaterError("another call is at it"), message)
        except LaterError as later:
            return _come_back(record, settings, later, message)
        except NeverError as never:
            return _put_aside(record, settings, never, message)

    return deliver_one


def _check_time(settings: Settings, context: LambdaContext) -> None:
    if context.get_remaining_time_in_millis() < settings.http_timeout_seconds * 1000 + MARGIN_MS:
        raise LaterError("this call has no time left")


def _sending_once(table: str, context: LambdaContext) -> Callable[..., str]:
    """`send`, which the table keeps from doing the same thing twice."""
    config = IdempotencyConfig(event_key_jmespath="key", expires_after_seconds=REMEMBERED_SECONDS)
    config.register_lambda_context(context)
    once: Callable[..., str] = idempotent_function(
        data_keyword_argument="message", persistence_store=_store(table), config=config
    )(send)
    return once


@functools.cache
def _store(table: str) -> DynamoDBPersistenceLayer:
    return DynamoDBPersistenceLayer(table_name=table)


@functools.cache
def _queues() -> Any:
    return boto3.client("sqs")


def send(message: Message, settings: Settings) -> str:
    """Delivers a message, or drops it where the secret has no address.

    Raises:
        LaterError: the webhook is out or busy.
        NeverError: it does not take this message.
    """
    webhook = webhook_of(settings, message.severity)
    if webhook is None:
        logger.warning(
            "dropped: there is no address in the secret", secret=settings.secret, **_words(message)
        )
        return "dropped"
    request = request_of(settings.webhook, message, webhook, time.time())
    status = post(webhook, request, settings.http_timeout_seconds)
    logger.info("delivered", status=status, **_words(message))
    return "delivered"


def _words(message: Message) -> dict[str, str]:
    """What a log line says of a message."""
    return {"key": message.key, "severity": message.severity, "title": message.title}


def _come_back(record: SQSRecord, settings: Settings, later: LaterError, message: Message) -> str:
    """Leaves the message in the queue, for the time that suits.

    Raises:
        LaterError: always: it is what keeps it there.
    """
    received = int(record.attributes.approximate_receive_count)
    seconds = settings.wait_seconds(received) if later.seconds is None else later.seconds
    log = {"why": str(later), "received": received, "again_after_seconds": seconds}
    logger.warning("not delivered yet", **log, **_words(message))
    try:
        _queues().change_message_visibility(
            QueueUrl=settings.queue_url, ReceiptHandle=record.receipt_handle, VisibilityTimeout=seconds
        )
    except Exception:  # then it comes back after the queue's own time
        logger.warning("the queue keeps its own time", exc_info=True)
    raise later


def _put_aside(record: SQSRecord, settings: Settings, never: NeverError, message: Message) -> str:
    logger.error("put aside: it will never be taken", why=str(never), **_words(message))
    _queues().send_message(
        QueueUrl=settings.dead_letters_url,
        MessageBody=record.body,
        MessageAttributes={"why": {"DataType": "String", "StringValue": str(never)}},
    )
    return "put aside"
