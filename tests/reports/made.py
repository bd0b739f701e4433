"""Completed analyses, their reports, and what a report says."""

import io
from collections import deque
from typing import Any

import httpx
from pypdf import PdfReader

from dupi.adapters.triton import Classification
from dupi.resources import Resources
from tests.analyses.doubles import ScriptedClassifier
from tests.analyses.running import GOOD, run_one
from tests.support.advisor_server import AdvisorServer
from tests.support.photos import photo_bytes
from tests.support.web import SURVEY, Caller

SITES = ("CROWN", "LEFT", "RIGHT", "BACK")


class Clinic:
    """A person whose photos are classified as a test tells, by the real pipeline."""

    def __init__(
        self,
        who: Caller,
        platform: Resources,
        classifier: ScriptedClassifier,
        advisor: AdvisorServer,
    ) -> None:
        self.who = who
        self._platform, self._classifier = platform, classifier
        advisor.scripts.append(GOOD)

    async def queued(self, count: int = 1, **survey: Any) -> str:
        uploads = [
            await self.who.upload(photo_bytes(seed=index), site)
            for index, site in enumerate(SITES[:count])
        ]
        photos = [upload["photo"]["id"] for upload in uploads]
        given = {"photoIds": photos, "survey": SURVEY | survey}
        answer = await self.who.run("RequestAnalysis", input=given)
        return str(answer["analysis"]["id"])

    async def completed(self, *said: Classification, **survey: Any) -> str:
        """Id of an analysis of one photo a classification."""
        analysis_id = await self.queued(len(said), **survey)
        self._classifier.answers = deque(said)
        await run_one(self._platform)
        return analysis_id

    async def url(self, analysis_id: str, locale: str = "KO") -> str:
        return str((await self.who.run("Report", id=analysis_id, locale=locale))["reportUrl"])

    async def fetched(self, analysis_id: str, locale: str = "KO") -> httpx.Response:
        return await self.who.http.get(await self.url(analysis_id, locale))

    async def report(self, analysis_id: str, locale: str = "KO") -> PdfReader:
        answer = await self.fetched(analysis_id, locale)
        assert answer.status_code == 200, answer.text
        return PdfReader(io.BytesIO(answer.content))


def text_of(report: PdfReader) -> str:
    """All pages, one line a line; places where a word may break are none."""
    return "\n".join(page.extract_text() for page in report.pages).replace("\u200b", "")
