"""What is shipped, and how it behaves where it is installed."""
