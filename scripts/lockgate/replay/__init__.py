"""Judging again what was recorded: a release of the ledger, or a file of rows, under any policy, offline."""
