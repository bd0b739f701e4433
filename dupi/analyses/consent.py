"""Withdrawing consent to the handling of sensitive data takes the data with it."""
