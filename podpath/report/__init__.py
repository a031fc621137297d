"""Results as documents: JSON, JUnit, text, captures and one HTML page."""
