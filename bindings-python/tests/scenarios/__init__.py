"""Plays the project's scenarios to the package; tests/scenarios/README.md at the project's root says what they are."""
