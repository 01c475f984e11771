"""The only module that touches MiniStack's internals; each patch says why it is there.

MiniStack is pinned exactly. `check_contract` compares what is patched or called here with what is
installed, and runs at every start: a changed internal ends the start with its name instead of a
canary that silently is none.
"""

from __future__ import annotations

import contextvars
import functools
import importlib
import inspect
import json
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from localaws.balancing import addresses, forwards
from localaws.balancing.balancer import Balancer, TargetGroup
from localaws.balancing.health import Health
from localaws.balancing.metrics import Passage
from localaws.functions.aliases import check_alias, choose_version
from localaws.functions.metrics import NAMESPACE, Invocation, qualifier_of
from localaws.image_layers import LayerError, Repository
from localaws.service import Handler, LogReader, MetricSink, Service
from localaws.settings import HOST, Settings
from localaws.wire import ServiceError


class ContractError(RuntimeError):
    """MiniStack is not what the patches were written for; names what changed."""


@dataclass(frozen=True)
class Internal:
    """A name in MiniStack that is patched or called here.

    Attributes:
        module: dotted module name.
        name: attribute, dotted for a member of a class.
        parameters: names of its parameters in order; None where it is not a function.
    """

    module: str
    name: str
    parameters: tuple[str, ...] | None = None


_ECR = "ministack.services.ecr"
_LAMBDA = "ministack.services.lambda_svc"
_ALB = "ministack.services.alb"

INTERNALS: tuple[Internal, ...] = (
    Internal("ministack.app", "app", ("scope", "receive", "send")),
    Internal("ministack.app", "SERVICE_HANDLERS"),
    Internal("ministack.app", "SERVICE_REGISTRY"),
    Internal("ministack.app", "_state_map"),
    Internal("ministack.app", "_build_persistence_save_dict", ()),
    Internal("ministack.core.router", "SERVICE_PATTERNS"),
    Internal("ministack.core.persistence", "_state_format_version", ("service",)),
    Internal("ministack.core.persistence", "_json_default", ("obj",)),
    Internal("ministack.core.responses", "get_account_id", ()),
    Internal("ministack.core.responses", "get_region", ()),
    Internal("ministack.core.responses", "set_request_account_id", ("access_key_id",)),
    Internal("ministack.core.responses", "set_request_region", ("region",)),
    Internal("ministack.core.lambda_runtime", "reset", ()),
    Internal("ministack.core.lambda_runtime", "Worker._spawn", ("self",)),
    Internal("ministack.services.s3", "_bucket_owner_account", ("name",)),
    Internal(
        "ministack.services.s3",
        "_foreign_bucket_allows",
        ("owner_account", "bucket_name", "key", "method", "query_params", "caller", "headers"),
    ),
    Internal("ministack.services.eventbridge", "_put_events", ("data", "allow_aws_source")),
    Internal(
        "ministack.services.cloudwatch",
        "record_metric",
        ("namespace", "metric_name", "value", "unit", "dimensions"),
    ),
    Internal("ministack.services.cloudwatch_logs", "_append_log_events", ("stream", "events")),
    Internal("ministack.services.cloudwatch_logs", "_log_groups"),
    Internal("ministack.services.cloudwatch_logs", "copy"),
    Internal("ministack.core.responses", "AccountRegionScopedDict._data"),
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
    Internal("ministack.core.responses", "AccountRegionScopedDict.all_items", ("self",)),
    Internal("ministack.core.responses", "StreamingResponse"),
    Internal(_ALB, "_lbs"),
    Internal(_ALB, "_tgs"),
    Internal(_ALB, "_listeners"),
    Internal(_ALB, "_rules"),
    Internal(_ALB, "_targets"),
    Internal(_ALB, "_p", ("params", "key", "default")),
    Internal(_ALB, "_xml", ("status", "action", "inner")),
    Internal(_ALB, "_error", ("code", "message", "status")),
    Internal(_ALB, "_parse_actions", ("params", "prefix")),
    Internal(_ALB, "_parse_targets_param", ("params", "prefix")),
    Internal(_ALB, "_action_xml", ("a",)),
    Internal(_ALB, "_tg_xml", ("tg",)),
    Internal(_ALB, "_ACTION_MAP"),
    Internal(_ALB, "find_lb_for_host", ("host",)),
    Internal(_ALB, "_find_lb_by_name", ("name",)),
    Internal(
        _ALB,
        "dispatch_request",
        (
            "lb",
            "method",
            "path",
            "headers",
            "body",
            "query_params",
            "port",
            "client_ip",
            "raw_query_string",
            "raw_path",
        ),
    ),
    Internal(
        _ALB,
        "_execute_actions",
        (
            "actions",
            "method",
            "path",
            "headers",
            "body",
            "query_params",
            "listener_port",
            "lb_arn",
            "target_host",
            "raw_query_string",
            "raw_path",
        ),
    ),
    Internal(
        _ALB,
        "_forward_to_tg",
        ("tg_arn", "method", "path", "headers", "body", "query_params", "raw_query_string", "raw_path"),
    ),
    Internal(
        _ALB,
        "_proxy_http_target",
        ("target", "tg", "method", "path", "headers", "body", "query_params", "raw_query_string"),
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


def environment(settings: Settings, port: int) -> dict[str, str]:
    """Environment variables to set before anything of MiniStack is imported.

    Whatever would listen on a second port or look for a Docker engine is off.
    """
    return {
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": settings.region,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(settings.state_dir),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(settings.objects_dir),
        "LAMBDA_EXECUTOR": "local",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # A socket that is not there: without this, containers of the user's engine would be looked through.
        "DOCKER_HOST": f"unix://{settings.home / 'no-docker.sock'}",
        "LOG_LEVEL": "WARNING",
        # Unpacked code goes where the next start finds and deletes it, also after kill -9.
        "TMPDIR": str(settings.tmp_dir),
    }


def check_contract() -> None:
    """Compares MiniStack's internals with what this module was written for.

    Raises:
        ContractError: a name is missing or takes other parameters.
    """
    broken = [problem for problem in map(_problem, INTERNALS) if problem]
    if broken:
        raise ContractError(
            "MiniStack's internals have changed: "
            + "; ".join(broken)
            + ". Install the pinned version, or adapt localaws/ministack_patches.py."
        )


def _problem(internal: Internal) -> str | None:
    where = f"{internal.module}.{internal.name}"
    try:
        found: Any = importlib.import_module(internal.module)
        for part in internal.name.split("."):
            found = inspect.getattr_static(found, part) if inspect.isclass(found) else getattr(found, part)
    except (ImportError, AttributeError):
        return f"{where} is gone"
    if internal.parameters is None:
        return None
    if not callable(found):
        return f"{where} is no function any more"
    names = tuple(inspect.signature(found).parameters)
    if names == internal.parameters:
        return None
    return f"{where} takes ({', '.join(names)}) instead of ({', '.join(internal.parameters)})"


def asgi_app() -> Callable[..., Any]:
    """MiniStack's ASGI application."""
    from ministack import app

    application: Callable[..., Any] = app.app
    return application


def register(service: Service) -> None:
    """Routes a service's requests to it, in place of MiniStack's own where there is one."""
    from ministack import app
    from ministack.core import router

    route = service.route
    key = route.credential_scope
    router.SERVICE_PATTERNS[key] = {
        "host_patterns": list(route.host_patterns),
        "target_prefixes": list(route.target_prefixes),
        "credential_scope": key,
    }
    replaced = app.SERVICE_REGISTRY.get(key, {}).get("module")
    app._state_map.pop(replaced, None)
    app.SERVICE_HANDLERS[key] = service.handle


def put_before(key: str, handle: Callable[[Handler], Handler]) -> None:
    """Shows a service's requests to a handler of ours first; MiniStack keeps the service and its state.

    Args:
        key: name in MiniStack's handler table, such as "ecs".
        handle: is given MiniStack's handler, for what it passes on.
    """
    from ministack import app

    app.SERVICE_HANDLERS[key] = handle(app.SERVICE_HANDLERS[key])


def state_writers() -> Mapping[str, Callable[[], bytes]]:
    """For each MiniStack service in use, a function that gives the content of its state file.

    MiniStack itself writes these files only when it is shut down; its format is kept, it reads them.
    """
    from ministack import app

    return {key: _writer(key, state) for key, state in app._build_persistence_save_dict().items()}


def _writer(key: str, get_state: Callable[[], Any]) -> Callable[[], bytes]:
    from ministack.core import persistence

    def content() -> bytes:
        state = get_state()
        if state is None:
            return b""
        wrapped = {"__ministack_format__": persistence._state_format_version(key), "payload": state}
        return json.dumps(wrapped, default=persistence._json_default).encode()

    return content


def put_event(account: str, region: str, entry: dict[str, Any]) -> None:
    """Puts an event of an AWS service on the default bus of an account; called on the event loop.

    PutEvents refuses sources that begin with `aws.`, here as on AWS: only services may use them. So this
    calls MiniStack's own emitter in process.

    Args:
        entry: as in PutEvents.

    Raises:
        RuntimeError: the bus did not take it.
    """
    contextvars.Context().run(_put_event, account, region, entry)


def _put_event(account: str, region: str, entry: dict[str, Any]) -> None:
    from ministack.core import responses
    from ministack.services import eventbridge

    responses.set_request_account_id(account)
    responses.set_request_region(region)
    status, _, body = eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    if status != 200 or b'"FailedEntryCount": 0' not in body:
        raise RuntimeError(f"EventBridge did not take the event: {body.decode(errors='replace')}")


def redirect_metrics(sink: MetricSink) -> None:
    """Sends what MiniStack's services measure to our CloudWatch, which replaces theirs."""
    from ministack.core import responses
    from ministack.services import cloudwatch

    def record_metric(
        namespace: str,
        metric_name: str,
        value: float,
        unit: str = "None",
        dimensions: dict[str, str] | None = None,
    ) -> None:
        account, region = responses.get_account_id(), responses.get_region()
        sink.put(account, region, namespace, metric_name, dimensions or {}, float(value), unit, time.time())

    cloudwatch.record_metric = record_metric


def pass_on_logs(reader: LogReader) -> None:
    """Shows every log event to our CloudWatch, from the one place all of them pass.

    PutLogEvents and the output of functions come through `_append_log_events`, whatever has run a
    function and in whichever log format, always in the scope of the account and region they belong to.
    """
    from ministack.services import cloudwatch_logs

    cloudwatch_logs._append_log_events = _passing_on(cloudwatch_logs._append_log_events, reader)


class _Streams(dict[str, Any]):
    """Streams of a log group, which may grow while they are walked through."""

    def __iter__(self) -> Iterator[str]:
        return iter(list(super().__iter__()))

    def values(self) -> Any:
        return list(super().values())

    def items(self) -> Any:
        return list(super().items())


class _Groups(dict[Any, Any]):
    """Log groups whose streams are `_Streams`, however they come in."""

    def __setitem__(self, key: Any, group: dict[str, Any]) -> None:
        super().__setitem__(key, {**group, "streams": _Streams(group.get("streams", {}))})


def let_logs_grow() -> None:
    """Lets log groups be read and saved while functions write to them.

    Each invocation adds a stream from a thread of its own. MiniStack walks through the live streams, so that
    under load every DescribeLogGroups fails, and with it every plan of Terraform; and it copies every event
    there is, in Python, each time that state is saved.
    """
    from ministack.services import cloudwatch_logs

    groups = _Groups()
    for key, group in cloudwatch_logs._log_groups._data.items():
        groups[key] = group
    cloudwatch_logs._log_groups._data = groups
    cloudwatch_logs.copy = SimpleNamespace(deepcopy=lambda state: state)


def _passing_on(append: Callable[..., Any], reader: LogReader) -> Callable[..., Any]:
    from ministack.core import responses

    @functools.wraps(append)
    def passing_on(stream: dict[str, Any], events: list[dict[str, Any]]) -> Any:
        result = append(stream, events)
        account, region = responses.get_account_id(), responses.get_region()
        for event in events:
            reader.read_log(account, region, str(event["message"]))
        return result

    return passing_on


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


def target_groups() -> list[TargetGroup]:
    """Every target group of every account, with its targets and the load balancers that forward to it."""
    from ministack.services import alb

    used = _used_by()
    return [
        _target_group(account, region, record, used) for (account, region, _), record in alb._tgs.all_items()
    ]


def _target_group(
    account: str, region: str, record: dict[str, Any], used: Mapping[str, set[str]]
) -> TargetGroup:
    from ministack.services import alb

    arn = record["TargetGroupArn"]
    registered = alb._targets.get_scoped(account, region, arn, [])
    targets = tuple((one["Id"], int(one.get("Port") or record["Port"])) for one in registered)
    return TargetGroup(account, region, arn, record, targets, tuple(sorted(used.get(arn, ()))))


def _used_by() -> dict[str, set[str]]:
    """ARNs of the load balancers that forward to a target group, by its ARN."""
    from ministack.services import alb

    balancers = {key[2]: listener["LoadBalancerArn"] for key, listener in alb._listeners.all_items()}
    used: dict[str, set[str]] = {}
    for _, rule in alb._rules.all_items():
        balancer = balancers.get(rule["ListenerArn"])
        for group in forwards.groups_of(rule["Actions"]) if balancer else ():
            used.setdefault(group, set()).add(str(balancer))
    return used


def balance(balancer: Balancer) -> None:
    """Lets load balancers follow weights, check their targets, count requests, and be reached.

    MiniStack keeps one target group an action, believes every target healthy, looks for a load balancer among
    those of account 000000000000 (a request to one is not signed), and cannot tell listeners apart where the
    Host header has the server's port.
    """
    from ministack.services import alb

    alb._parse_actions = _parsing_forwards(alb._parse_actions)
    alb._action_xml = _showing_forwards(alb._action_xml)
    alb._tg_xml = _showing_balancers(alb._tg_xml)
    alb._ACTION_MAP["DescribeTargetHealth"] = _target_health(balancer)
    alb.find_lb_for_host = alb._find_lb_by_name = _find_balancer
    alb.dispatch_request = _counted(alb.dispatch_request, balancer)
    alb._execute_actions = _weighted_actions(alb._execute_actions)
    alb._forward_to_tg = _forwarded(alb._forward_to_tg, balancer)


_asked_port: contextvars.ContextVar[int | None] = contextvars.ContextVar("asked_port", default=None)
_passage: contextvars.ContextVar[Passage | None] = contextvars.ContextVar("passage", default=None)


def _parsing_forwards(parse: Callable[..., Any]) -> Callable[..., Any]:
    from ministack.services import alb

    @functools.wraps(parse)
    def parsing(params: Any, prefix: str = "DefaultActions") -> Any:
        def param(name: str) -> str:
            return str(alb._p(params, name))

        return [
            forwards.complete(action, forwards.read(param, f"{prefix}.member.{number}"))
            for number, action in enumerate(parse(params, prefix), 1)
        ]

    return parsing


def _showing_forwards(show: Callable[..., str]) -> Callable[..., str]:
    @functools.wraps(show)
    def showing(a: dict[str, Any]) -> str:
        return show(a).removesuffix("</member>") + forwards.xml(a) + "</member>"

    return showing


def _showing_balancers(show: Callable[..., str]) -> Callable[..., str]:
    @functools.wraps(show)
    def showing(tg: dict[str, Any]) -> str:
        return show({**tg, "LoadBalancerArns": sorted(_used_by().get(tg["TargetGroupArn"], ()))})

    return showing


def _target_health(balancer: Balancer) -> Callable[..., Any]:
    from ministack.core import responses
    from ministack.services import alb

    def describe(params: Any) -> Any:
        record = alb._tgs.get(alb._p(params, "TargetGroupArn"))
        if record is None:
            return alb._error("TargetGroupNotFound", "One or more target groups not found")
        group = _target_group(responses.get_account_id(), responses.get_region(), record, _used_by())
        wanted = {target["Id"] for target in alb._parse_targets_param(params)}
        shown = "".join(
            _health_xml(target, balancer.health(group, target))
            for target in group.targets
            if not wanted or target[0] in wanted
        )
        inner = f"<TargetHealthDescriptions>{shown}</TargetHealthDescriptions>"
        return alb._xml(200, "DescribeTargetHealth", inner)

    return describe


def _health_xml(target: tuple[str, int], health: Health) -> str:
    reason = f"<Reason>{health.reason}</Reason>" if health.reason else ""
    description = f"<Description>{health.description}</Description>" if health.description else ""
    return (
        f"<member><Target><Id>{target[0]}</Id><Port>{target[1]}</Port></Target>"
        f"<HealthCheckPort>{target[1]}</HealthCheckPort>"
        f"<TargetHealth><State>{health.state}</State>{reason}{description}</TargetHealth></member>"
    )


def _find_balancer(host: str) -> Any:
    """The load balancer of a Host header, or of the first part of a path after `/_alb/`.

    What follows is done in its account and region, which an unsigned request does not name.
    """
    from ministack.core import responses
    from ministack.services import alb

    found = addresses.find(host, alb._lbs.all_items())
    if found is None:
        return None
    responses.set_request_account_id(found.account)
    responses.set_request_region(found.region)
    _asked_port.set(found.port)
    return found.record


def _counted(dispatch: Callable[..., Awaitable[Any]], balancer: Balancer) -> Callable[..., Awaitable[Any]]:
    from ministack.core import responses

    @functools.wraps(dispatch)
    async def counted(
        lb: Any,
        method: Any,
        path: Any,
        headers: Any,
        body: Any,
        query_params: Any,
        _port: int = 80,
        **more: Any,
    ) -> Any:
        passage, port = Passage(lb["LoadBalancerArn"]), _asked_port.get() or 80
        token = _passage.set(passage)
        try:
            answer = await dispatch(lb, method, path, headers, body, query_params, port, **more)
        finally:
            _passage.reset(token)
        balancer.passed(responses.get_account_id(), responses.get_region(), passage, answer[0])
        return answer

    return counted


def _weighted_actions(execute: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(execute)
    async def weighted(actions: Any, *args: Any, **kwargs: Any) -> Any:
        chosen = forwards.drawn(actions, random.random())
        return _unavailable() if chosen is None else await execute(chosen, *args, **kwargs)

    return weighted


def _forwarded(forward: Callable[..., Awaitable[Any]], balancer: Balancer) -> Callable[..., Awaitable[Any]]:
    from ministack.core import responses
    from ministack.services import alb

    @functools.wraps(forward)
    async def forwarded(
        tg_arn: str,
        method: Any,
        path: Any,
        headers: Any,
        body: Any,
        query_params: Any,
        raw_query_string: Any = None,
        raw_path: Any = None,
    ) -> Any:
        record, passage = alb._tgs.get(tg_arn), _passage.get()
        if record is None or passage is None or record["TargetType"] == "lambda":
            return await forward(
                tg_arn, method, path, headers, body, query_params, raw_query_string, raw_path
            )
        used = {tg_arn: {passage.balancer}}
        group = _target_group(responses.get_account_id(), responses.get_region(), record, used)
        real = balancer.choose(group)
        if real is None:
            return _unavailable()
        passage.group, began = tg_arn, time.monotonic()
        target = {"Id": real[0], "Port": real[1]}
        answer = await alb._proxy_http_target(
            target, record, method, raw_path or path, headers, body, query_params, raw_query_string
        )
        if isinstance(answer[2], responses.StreamingResponse):
            passage.status, passage.seconds = answer[0], time.monotonic() - began
        return answer

    return forwarded


def _unavailable() -> Any:
    return 503, {"Content-Type": "text/html"}, b"<html><h1>503 Service Temporarily Unavailable</h1></html>"


def end_functions() -> None:
    """Ends every warm function process and deletes its unpacked code."""
    from ministack.core import lambda_runtime

    lambda_runtime.reset()


def endpoint(port: int) -> str:
    """URL at which the server answers."""
    return f"http://{HOST}:{port}"
