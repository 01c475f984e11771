"""Lambda: weights of aliases, metrics of versions, code in buckets of other accounts."""

from __future__ import annotations

import contextvars
import functools
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

from localaws.functions.aliases import check_alias, choose_version
from localaws.functions.metrics import NAMESPACE, Invocation, qualifier_of
from localaws.ministack_patches.contract import Internal
from localaws.service import MetricSink
from localaws.wire import ServiceError

_LAMBDA = "ministack.services.lambda_svc"

INTERNALS: tuple[Internal, ...] = (
    Internal("ministack.core.lambda_runtime", "reset", ()),
    Internal("ministack.core.lambda_runtime", "Worker._spawn", ("self",)),
    Internal("ministack.services.s3", "_bucket_owner_account", ("name",)),
    Internal(
        "ministack.services.s3",
        "_foreign_bucket_allows",
        ("owner_account", "bucket_name", "key", "method", "query_params", "caller", "headers"),
    ),
    Internal(_LAMBDA, "_functions"),
    Internal(_LAMBDA, "_func_arn", ("name",)),
    Internal(_LAMBDA, "_account_region_from_function_config", ("config",)),
    Internal(_LAMBDA, "_function_config_scope_mismatch", ("config",)),
    Internal(_LAMBDA, "_effective_func_record_for_qualifier", ("func", "qualifier")),
    Internal(_LAMBDA, "_get_function", ("name", "qualifier")),
    Internal(_LAMBDA, "_get_function_config", ("name", "qualifier")),
    Internal(_LAMBDA, "_create_alias", ("func_name", "data")),
    Internal(_LAMBDA, "_update_alias", ("func_name", "alias_name", "data")),
    Internal(_LAMBDA, "_invoke", ("name", "event", "headers", "path_qualifier", "query_params")),
    Internal(_LAMBDA, "_fetch_code_from_s3", ("bucket", "key", "version_id")),
    Internal(_LAMBDA, "_execute_function", ("func", "event")),
    Internal(_LAMBDA, "_emit_lambda_metrics", ("function_name", "duration_ms", "error", "throttle")),
)


def weigh_aliases() -> None:
    """Lets the weights of an alias count, whichever way an invocation comes in.

    MiniStack resolves an alias to its main version in two places: `_invoke` for Lambda's own API, and
    `_effective_func_record_for_qualifier` for everything else (HTTP API, SNS, EventBridge, queues, ...),
    which GetFunction uses too, and there the main version is right.
    """
    from ministack.services import lambda_svc

    lambda_svc._invoke = _weighted_invoke(lambda_svc._invoke)
    lambda_svc._effective_func_record_for_qualifier = _weighted_record(
        lambda_svc._effective_func_record_for_qualifier
    )
    for name in ("_get_function", "_get_function_config"):
        setattr(lambda_svc, name, _reading(getattr(lambda_svc, name)))
    lambda_svc._create_alias = _checked_create(lambda_svc._create_alias)
    lambda_svc._update_alias = _checked_update(lambda_svc._update_alias)


_reads: contextvars.ContextVar[bool] = contextvars.ContextVar("reads", default=False)


_invoked: contextvars.ContextVar[tuple[str, str, str] | None] = contextvars.ContextVar(
    "invoked", default=None
)
"""Function, version that was drawn, and alias of the Invoke that is being answered."""


def _weighted_invoke(invoke: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    from ministack.services import lambda_svc

    @functools.wraps(invoke)
    async def weighted(
        name: str, event: Any, headers: Any, path_qualifier: Any = None, query_params: Any = None
    ) -> Any:
        asked = (query_params or {}).get("Qualifier", [""])
        asked = asked[0] if isinstance(asked, list) else asked
        qualifier = path_qualifier or asked or headers.get("x-amz-qualifier")
        alias = (lambda_svc._functions.get(name) or {}).get("aliases", {}).get(qualifier)
        if alias is None:
            return await invoke(name, event, headers, path_qualifier, query_params)
        version = choose_version(alias, random.random())
        token = _invoked.set((name, version, qualifier))
        try:
            return await invoke(name, event, headers, version, query_params)
        finally:
            _invoked.reset(token)

    return weighted


def _weighted_record(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """The record of the version that was drawn, under the ARN of the alias."""

    @functools.wraps(resolve)
    def weighted(func: dict[str, Any] | None, qualifier: str | None) -> Any:
        alias = func["aliases"].get(qualifier) if func and not _reads.get() else None
        if func is None or alias is None:
            return resolve(func, qualifier)
        record, config = resolve(func, choose_version(alias, random.random()))
        if record is None:
            return None, None
        config = {**config, "FunctionArn": alias["AliasArn"]}
        return {**record, "config": config}, config

    return weighted


def _reading(read: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(read)
    def reading(*args: Any, **kwargs: Any) -> Any:
        token = _reads.set(True)
        try:
            return read(*args, **kwargs)
        finally:
            _reads.reset(token)

    return reading


def _checked_create(create: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(create)
    def checked(func_name: str, data: dict[str, Any]) -> Any:
        return _refusal(func_name, data) or create(func_name, data)

    return checked


def _checked_update(update: Callable[..., Any]) -> Callable[..., Any]:
    from ministack.services import lambda_svc

    @functools.wraps(update)
    def checked(func_name: str, alias_name: str, data: dict[str, Any]) -> Any:
        function = lambda_svc._functions.get(func_name) or {}
        alias = function.get("aliases", {}).get(alias_name)
        refusal = _refusal(func_name, {**alias, **data}) if alias else None
        return refusal or update(func_name, alias_name, data)

    return checked


def _refusal(func_name: str, alias: dict[str, Any]) -> Any:
    from ministack.core.responses import error_response_json
    from ministack.services import lambda_svc

    function = lambda_svc._functions.get(func_name)
    if function is None:
        return None
    try:
        check_alias(function, lambda_svc._func_arn(func_name), alias)
    except ServiceError as error:
        return error_response_json(error.code, error.message, error.status)
    return None


def measure_functions(sink: MetricSink) -> None:
    """Reports every invocation with the dimensions that Lambda has, from the one place all of them pass.

    `_emit_lambda_metrics` knows the function's name only, and is called for Invoke but not for other ways
    in. Versions of a function share its reserved concurrency; MiniStack keeps that on the function alone.
    """
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    lambda_svc._emit_lambda_metrics = lambda *_, **__: None
    lambda_svc._execute_function = _measured(lambda_svc._execute_function, sink)
    lambda_runtime.Worker._spawn = _timed(lambda_runtime.Worker._spawn)


_beginnings: contextvars.ContextVar[list[float] | None] = contextvars.ContextVar("beginnings", default=None)
"""Seconds that the running invocation has waited for execution environments; Duration leaves them out."""


def _timed(spawn: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(spawn)
    def timed(worker: Any) -> Any:
        began = time.monotonic()
        try:
            return spawn(worker)
        finally:
            spent = _beginnings.get()
            if spent is not None:
                spent.append(time.monotonic() - began)

    return timed


def _measured(execute: Callable[..., Any], sink: MetricSink) -> Callable[..., Any]:
    from ministack.services import lambda_svc

    @functools.wraps(execute)
    def measured(func: dict[str, Any], event: Any) -> Any:
        config = func.get("config") or func
        if lambda_svc._function_config_scope_mismatch(config):
            return execute(func, event)
        record = _as_invoked(func, config)
        config, at, began, spent = record["config"], time.time(), time.monotonic(), list[float]()
        token = _beginnings.set(spent)
        try:
            result = execute(record, event)
        finally:
            _beginnings.reset(token)
        invocation = Invocation(
            function=config["FunctionName"],
            qualifier=qualifier_of(config["FunctionArn"]),
            version=config.get("Version", "$LATEST"),
            seconds=max(time.monotonic() - began - sum(spent), 0.0),
            failed=bool(result.get("error")),
            throttled=bool(result.get("throttle")),
        )
        account, region = lambda_svc._account_region_from_function_config(config)
        for name, dimensions, value, unit in invocation.points():
            sink.put(account, region, NAMESPACE, name, dimensions, value, unit, at)
        return result

    return measured


def _as_invoked(func: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    """The record with the alias's ARN where an alias was invoked, and the function's reserved concurrency."""
    from ministack.services import lambda_svc

    name = config["FunctionName"]
    base = lambda_svc._functions.get(name) or {}
    invoked = _invoked.get()
    if invoked and invoked[:2] == (name, config.get("Version", "$LATEST")):
        config = {**config, "FunctionArn": f"{lambda_svc._func_arn(name)}:{invoked[2]}"}
    return {**func, "concurrency": base.get("concurrency"), "config": config}


def read_code_of_other_accounts() -> None:
    """Lets Lambda read code from a bucket of another account where the bucket's policy lets the caller in.

    That is so on AWS (Lambda developer guide, "Deploying Lambda functions as .zip file archives": the bucket
    may be in another account). MiniStack looks among the buckets of the calling account alone.
    """
    from ministack.services import lambda_svc

    lambda_svc._fetch_code_from_s3 = _fetching_as_owner(lambda_svc._fetch_code_from_s3)


def _fetching_as_owner(fetch: Callable[..., Any]) -> Callable[..., Any]:
    from ministack.core import responses
    from ministack.services import s3

    @functools.wraps(fetch)
    def fetching(bucket: str, key: str, version_id: str | None = None) -> Any:
        owner, caller = s3._bucket_owner_account(bucket), responses.get_account_id()
        if owner is None or owner == caller:
            return fetch(bucket, key, version_id)
        if not s3._foreign_bucket_allows(owner, bucket, key, "GET", {}, caller):
            return None
        context = contextvars.copy_context()
        context.run(responses.set_request_account_id, owner)
        return context.run(fetch, bucket, key, version_id)

    return fetching


def end_functions() -> None:
    """Ends every warm function process and deletes its unpacked code."""
    from ministack.core import lambda_runtime

    lambda_runtime.reset()
