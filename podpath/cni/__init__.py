"""What a CNI configuration asks for, and what its plugins are known to do otherwise."""
