"""The figures of the evaluation."""
