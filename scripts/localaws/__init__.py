"""A local AWS for development, demonstration and tests: MiniStack plus what it lacks."""
