"""Real daemons, a file for each family, which holds a session fixture of the file's name."""
