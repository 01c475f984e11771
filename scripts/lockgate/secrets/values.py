"""The value of a secret on its way from standard input to its store."""

from __future__ import annotations

from dataclasses import dataclass, field

from lockgate.config.secrets import Store
from lockgate.errors import UsageError

MOST_BYTES: dict[Store, int] = {"secrets_manager": 65_536, "parameter_store": 8_192}
"""Bytes that a value may have (Secrets Manager user guide, "Quotas"; Systems Manager user guide, "Managing
parameter tiers", advanced)."""

READ_BYTES = max(MOST_BYTES.values()) + 2
"""Bytes to read of a value: enough to see that it is too long, with a newline at its end."""

STANDARD_BYTES = 4_096
"""Bytes up to which a parameter is a standard one, which costs nothing."""

_STORES: dict[Store, str] = {"secrets_manager": "Secrets Manager", "parameter_store": "Parameter Store"}


@dataclass(frozen=True)
class SecretValue:
    """A value that can be stored. Not shown by repr, nor in tracebacks that show it.

    Attributes:
        text: the value.
        newline_dropped: whether one newline at its end was left out.
    """

    text: str = field(repr=False)
    newline_dropped: bool = False

    @property
    def size(self) -> int:
        """Bytes in UTF-8, which is what stores count."""
        return len(self.text.encode())


def piped(data: bytes) -> SecretValue:
    """A value as it came through a pipe: exactly these bytes, without one newline at their end, which `echo`
    and editors add.

    Raises:
        UsageError: they are more than any store takes, or no text. Secrets Manager could keep other bytes;
            an environment variable cannot, and neither can a parameter.
    """
    if len(data) >= READ_BYTES:
        raise UsageError(
            f"the value has more than {READ_BYTES - 2:,} bytes, which no store takes",
            hint="Keep it in a bucket, encrypted, and its key as the secret.",
        )
    dropped = data.endswith(b"\n")
    try:
        text = (data[:-1] if dropped else data).decode("utf-8")
    except UnicodeDecodeError:
        # Without its cause: that has the bytes in it.
        raise _no_text("is not UTF-8") from None
    if "\0" in text:
        raise _no_text("has a zero byte in it")
    return SecretValue(text, dropped)


def check_size(value: SecretValue, store: Store) -> None:
    """Looks that a store takes a value of this size.

    Raises:
        UsageError: it is empty or too long; says sizes and nothing of the value.
    """
    if not value.size:
        raise UsageError(
            "the value is empty", hint="Give it on standard input, such as `... < file`, or type it."
        )
    most = MOST_BYTES[store]
    if value.size > most:
        raise UsageError(
            f"the value has {value.size:,} bytes; {_STORES[store]} takes {most:,}",
            hint="Keep what is longer in a bucket, encrypted, and its key as the secret."
            if store == "secrets_manager"
            else "Declare it with `store: secrets_manager`, which takes 65,536.",
        )


def _no_text(why: str) -> UsageError:
    return UsageError(
        f"the value {why}, so that no environment variable can hold it",
        hint="Encode it first, such as `base64 -w0 file | make secret ...`, and decode it in the service.",
    )
