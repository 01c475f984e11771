"""Running the containers of a task, behind one small seam: Docker, nothing, or what a test brings."""
