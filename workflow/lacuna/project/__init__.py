"""The run as a whole: its configuration, plan, provenance and repetition."""
