"""The methods: every module here is the method of its name."""
