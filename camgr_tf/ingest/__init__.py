"""Makes data folders: from raw files, from tables, and the demo."""
