"""PATH: real traffic, captured on every interface and compared with the expected path."""
