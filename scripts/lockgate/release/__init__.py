"""A release: a resumable state machine whose state lives in the ledger."""
