from dupi.adapters.triton import Classification
from dupi.analyses.grading import expected_grade, grade_photo, overall
from dupi.analyses.models import AbstentionReason, Photo, PhotoFindingsRecord
from dupi.knowledge.vocabulary import Condition, ScalpSite, Severity
from tests.analyses.doubles import MILD, SEVERE, says

DANDRUFF = tuple(Condition).index(Condition.DANDRUFF)


def a_photo(site: ScalpSite) -> Photo:
    photo: Photo = Photo.model_construct(id=f"photo-{site}", owner_id="o", site=site)
    return photo


def graded(site: ScalpSite, said: Classification) -> PhotoFindingsRecord:
    return grade_photo(a_photo(site), said, in_domain_from=0.5, abstain_below=lambda _: 0.6)


def test_findings_come_in_the_order_of_the_conditions_with_the_version_that_answered() -> None:
    findings = graded(ScalpSite.CROWN, says({Condition.DANDRUFF: MILD})).findings
    assert [finding.condition for finding in findings] == list(Condition)
    assert findings[DANDRUFF].severity is Severity.MILD
    assert {finding.model_version for finding in findings} == {"4"}
    assert findings[DANDRUFF].model == "severity_dandruff"


def test_an_uncertain_finding_shows_no_grade() -> None:
    finding = graded(ScalpSite.CROWN, says(confidence=0.59)).findings[0]
    assert (finding.abstained, finding.severity) == (True, None)
    assert finding.abstention_reason is AbstentionReason.UNCERTAIN


def test_what_is_no_scalp_abstains_in_everything_however_sure() -> None:
    photo = graded(ScalpSite.CROWN, says({Condition.DANDRUFF: SEVERE}, in_domain=0.49))
    reasons = {finding.abstention_reason for finding in photo.findings}
    assert reasons == {AbstentionReason.NOT_A_SCALP}
    assert all(finding.severity is None for finding in photo.findings)


def test_overall_is_the_worst_that_did_not_abstain_with_its_site() -> None:
    crown = graded(ScalpSite.CROWN, says({Condition.DANDRUFF: MILD}))
    left = graded(ScalpSite.LEFT, says({Condition.DANDRUFF: SEVERE}))
    no_scalp = graded(ScalpSite.BACK, says({Condition.DANDRUFF: SEVERE}, in_domain=0.1))
    finding = overall([no_scalp, crown, left])[DANDRUFF]
    assert (finding.severity, finding.site) == (Severity.SEVERE, ScalpSite.LEFT)
    assert finding.photo_id == "photo-LEFT"


def test_where_all_abstained_there_is_no_grade_and_uncertainty_says_more_than_no_scalp() -> None:
    unsure = graded(ScalpSite.CROWN, says(confidence=0.4))
    no_scalp = graded(ScalpSite.LEFT, says(in_domain=0.1))
    finding = overall([no_scalp, unsure])[0]
    assert (finding.severity, finding.site) == (None, ScalpSite.CROWN)
    assert finding.abstention_reason is AbstentionReason.UNCERTAIN


def test_the_expected_grade_weighs_the_probabilities() -> None:
    finding = graded(ScalpSite.CROWN, says({Condition.FINE_SCALING: SEVERE}, confidence=1.0))
    assert expected_grade(finding.findings[0].probabilities) == 3.0
