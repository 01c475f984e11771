"""One file a verb, named after it."""
