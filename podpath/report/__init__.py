"""Reports of a run: JSON, text, Markdown, a badge, captures and one HTML page."""
