"""The networks of the steps, and their training; they import PyTorch, so steps import them late."""
