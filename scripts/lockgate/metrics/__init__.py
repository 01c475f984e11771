"""Reading CloudWatch: what the judge, the planner and the progress table know about traffic.

`reader` asks for many series at once, `lambda_alias` names those of a version behind an alias, `evidence`
turns them into rows for the judge, `frozen` fixes the latency bounds before a deployment. Nothing here knows
what a release is.
"""
