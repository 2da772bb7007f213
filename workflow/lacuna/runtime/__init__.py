"""The log, the random stream, the threads and the device of a job."""
