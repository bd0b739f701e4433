"""Tests of the ways to run the classifiers, and of how they are measured."""
