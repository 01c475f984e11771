"""What `lockgate doctor --trust` looks at: whom the roles of an account let in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from lockgate.commands.opened import Opened, OpenedAccount
from lockgate.config import TOOLING
from lockgate.config.platform import Purpose
from lockgate.github.protection import Gap
from lockgate.github.trust import AUDIENCE, Claims, lets_in, weaknesses


def opened(name: str) -> OpenedAccount:
    """The account, once AWS has said that these credentials belong to it."""
    return (OpenedAccount.tooling() if name == TOOLING else Opened.named(name)).checked()


def trust_gaps(account: OpenedAccount, claims: Claims | None) -> Iterator[Gap]:
    """What is wrong with whom the roles of an account trust.

    Args:
        account: opened.
        claims: of one job's token, which should be let in by one role; None looks at what each role expects.
    """
    platform, name = account.project.platform, account.name
    again = f"Bring them up to date: make bootstrap ACCOUNT={name}."
    let_in = []
    for purpose, trust in _trusts(account):
        role = platform.role_of(name, purpose)
        if trust is None:
            yield Gap(role, "there is no such role", again)
            continue
        for weakness in weaknesses(trust):
            yield Gap(role, weakness, again)
        if claims is not None:
            let_in += [role] if lets_in(trust, claims) else []
            continue
        for subject in platform.subjects_of(name, purpose):
            if not lets_in(trust, {"sub": subject, "aud": AUDIENCE}):
                yield Gap(role, f"{subject} is not let in", again)
    if claims is not None and not let_in:
        yield Gap(name, f"no role lets {claims.get('sub')} for {claims.get('aud')} in", _why(account, claims))


def expected(account: OpenedAccount) -> dict[str, list[str]]:
    """Subjects that each role should trust, by its name."""
    platform, name = account.project.platform, account.name
    purposes = platform.job_purposes_of(name)
    return {platform.role_of(name, purpose): platform.subjects_of(name, purpose) for purpose in purposes}


def _trusts(account: OpenedAccount) -> Iterator[tuple[Purpose, dict[str, Any] | None]]:
    """The trust policy of each role that a job has there; None where there is no such role."""
    platform = account.project.platform
    for purpose in platform.job_purposes_of(account.name):
        role = platform.role_of(account.name, purpose)
        try:
            found = account.aws.iam.get_role(RoleName=role)["Role"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchEntity":
                raise
            yield purpose, None
            continue
        document: Any = found["AssumeRolePolicyDocument"]
        yield purpose, document


def _why(account: OpenedAccount, claims: Claims) -> str:
    subject = claims.get("sub", "")
    if claims.get("aud") != AUDIENCE:
        return f"Ask for the audience {AUDIENCE}, which configure-aws-credentials does by itself."
    if "@" in subject and account.project.platform.github and not account.project.platform.github.owner_id:
        return (
            "That repository names ids in its tokens: give github.owner_id and github.repository_id in "
            f"platform.yaml, then make bootstrap ACCOUNT={account.name}."
        )
    known = [one for subjects in expected(account).values() for one in subjects]
    return f"Expected is one of: {'; '.join(known)}"
