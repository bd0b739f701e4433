"""The web side's fixtures."""

from tests.support.web_fixtures import *  # noqa: F403
