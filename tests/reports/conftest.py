"""The web side's fixtures: reports are fetched as a person would."""

import pytest

from dupi.resources import Resources
from tests.analyses.doubles import ScriptedClassifier
from tests.reports.made import Clinic
from tests.support.advisor_server import AdvisorServer
from tests.support.web import Caller
from tests.support.web_fixtures import *  # noqa: F403


@pytest.fixture
def clinic(
    mina: Caller,
    platform: Resources,
    classifier: ScriptedClassifier,
    advisor: AdvisorServer,
) -> Clinic:
    return Clinic(mina, platform, classifier, advisor)
