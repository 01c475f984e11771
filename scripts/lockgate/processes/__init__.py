"""Child processes of which nothing stays behind: `child` is one of them, `several` are some at a time."""
