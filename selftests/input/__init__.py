"""What users and plugins may get wrong."""
