"""Everything that must be there before the stack starts: environments, models, secrets.

Runs with nothing but Python 3.11 and its standard library.
"""
