"""What every job needs around its work: its log, its random stream, its device."""
