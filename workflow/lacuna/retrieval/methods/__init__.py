"""Methods that rank molecules for a profile, one file each."""
