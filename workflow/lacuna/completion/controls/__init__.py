"""The controls, which show that the scoring is right: every module is the control of its name."""
