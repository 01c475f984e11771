"""What is remembered of the real checkov: the same comes out, in whatever order, and nobody changes it."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest

from lockgate.checks import remembering
from lockgate.checks.scan import PYTHON
from tests.terraform.hcl import ROOT

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not (ROOT / PYTHON).is_file(), reason="checkov is not set up: make checkov"),
]

SCRIPT = """\
import json, runpy, sys
import checkov.main
import checkov.terraform.graph_builder.variable_rendering.evaluate_terraform as evaluating
import checkov.terraform.graph_builder.variable_rendering.renderer
from checkov.terraform.graph_builder import utils
from bc_jsonpath_ng.ext import parse

TEXTS = ["${var.a}-${aws_x.b.arn}", "local.c", "aws.other", "module.m.out[0]", "data.aws_y.z.id", "nothing"]

if sys.argv[1:]:
    calls = []
    before = evaluating._try_evaluate
    evaluating._try_evaluate = lambda text: calls.append(text) or before(text)
    runpy.run_path(sys.argv[1])["install"]()
found = []
for text in json.load(sys.stdin):
    value = evaluating.evaluate_terraform(text)
    found.append(repr(value))
    if isinstance(value, list):
        value.append("added")
named = []
OTHER = {"aws.other": {utils.CustomAttributes.BLOCK_TYPE: "provider"}}
for text in TEXTS * 2:
    for aliases, resources in (({}, ["aws_x"]), ({}, []), (OTHER, ["aws_x"])):
        value = utils.get_referenced_vertices_in_str_value(text, aliases, resources)
        named.append([[each.block_type, each.sub_parts, each.origin_value] for each in value])
        for each in value:
            each.sub_parts.append("added")
paths = [repr(parse(path)) for path in ("$.a.b", "$.a[0].c", "$.a.b", '$.a["x"]')]
print(json.dumps([found, [paths, named], len(calls) if sys.argv[1:] else 0]))
"""

EXPRESSIONS = [
    '${var.a == "b" ? 1 : 2}',
    "concat([1], [2, 3])",
    "merge({'a' = 1}, {'b' = 2})",
    '${jsonencode({"Statement" = [{"Effect" = "Allow"}]})}',
    "toset(['a', 'b'])",
    "true",
    "abc-${var.x}-xyz",
    "{a = b}[a]",
    "lookup({'a' = 1}, 'a', 2)",
    "undefined",
    "",
]


def evaluated(expressions: list[str], *, remembered: bool) -> tuple[list[str], list[Any], int]:
    """What comes of expressions, and of paths and texts, by the real checkov, and how often it was asked."""
    more = [remembering.__file__] if remembered else []
    done = subprocess.run(
        [ROOT / PYTHON, "-P", "-c", SCRIPT, *more],
        # The order of a set is another one in each process.
        env={**os.environ, "PYTHONHASHSEED": "0"},
        input=json.dumps(expressions),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return found[0], found[1], found[2]


def test_what_is_remembered_is_what_comes_out_and_a_copy_of_it() -> None:
    three_times = EXPRESSIONS * 3
    alone, others, _ = evaluated(three_times, remembered=False)
    found, same_others, asked = evaluated(three_times, remembered=True)
    assert (found, same_others) == (alone, others)
    assert len({json.dumps(each) for each in others[1]}) > 5, "they name something"
    assert asked == evaluated(EXPRESSIONS, remembered=True)[2], "it was asked once for each"


def test_where_an_expression_assigns_what_comes_later_means_what_it_did() -> None:
    expressions = ["one", "one", 'one = "two"', "one", "other = one", "other"]
    alone, *_ = evaluated(expressions, remembered=False)
    found, *_ = evaluated(expressions, remembered=True)
    assert found == alone
    assert (found[0], found[3]) == ("'one'", "'two'")
