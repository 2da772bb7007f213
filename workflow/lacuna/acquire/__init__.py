"""Getting the files of a data set: which they are, and where they lie once they are there."""
