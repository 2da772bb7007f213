"""Which class is a drug of, and which protein does it hit? Asked of completed profiles."""
