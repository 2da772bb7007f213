"""The log, the random stream and the device of a job."""
