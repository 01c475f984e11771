"""GET /hello: the sample service that shows what a service looks like here."""

import os
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
tracer = Tracer(auto_patch=False)
metrics = Metrics(namespace="Lockgate")
app = APIGatewayHttpResolver()


@app.get("/hello")
@tracer.capture_method
def hello() -> dict[str, str]:
    """Greets whom the query names, and says which version does it."""
    name = app.current_event.query_string_parameters.get("name", "world")
    metrics.add_metric(name="Greetings", unit=MetricUnit.Count, value=1)
    return {
        "message": f"{os.environ.get('GREETING', 'hello')}, {name}",
        "version": os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "unknown"),
    }


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP)
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point; the event is API Gateway's HTTP API event, version 2.0."""
    return app.resolve(event, context)
