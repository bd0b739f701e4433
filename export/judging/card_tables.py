"""The tables and sentences of the model card, part by part; each a list of Markdown blocks."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from dupi.knowledge.vocabulary import Condition, Severity
from dupi.vision.contract import Manifest
from export.judging.alone import Alone
from export.judging.attention import Pointing
from export.judging.bootstrap import Estimate
from export.judging.evaluation import Attention
from export.judging.report import SMALL_GROUPS, SMALL_PHOTOS, Graded, Subgroup
from export.judging.scores import COLUMNS, OVERALL, Scores
from export.judging.strangers import InDomain

_SMALL_ONES_TOLD: Final = 12
Row = Sequence[str]


def table(head: Row, rows: Iterable[Row]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def told(found: Estimate, *, percent: bool = False) -> str:
    """``0.991 (0.985–0.996) / 0.000``; a dash where there is nothing to measure."""
    if not math.isfinite(found.value):
        return "–"
    form = "{:.1%}" if percent else "{:.3f}"
    text = form.format(found.value)
    if math.isfinite(found.low):
        text += f" ({form.format(found.low)}–{form.format(found.high)})"
    known = found.majority is not None and math.isfinite(found.majority)
    return f"{text} / {form.format(found.majority)}" if known else text


def named(name: str) -> str:
    """``비듬 `DANDRUFF```, or in bold where it is all of them."""
    return "**all six**" if name == OVERALL else f"{Condition(name).korean} `{name}`"


def grades(graded: Graded, replicates: int) -> list[str]:
    """``replicates``: how many resamples the intervals cover."""
    figures = ("qwk", "macro_f1", "exact", "within_one", "mae")
    head = ("condition", "QWK", "macro F1", "exact", "within one", "MAE")
    rows = [
        [named(name), *(_figure(graded.scores[name], figure) for figure in figures)]
        for name in COLUMNS
    ]
    clear = told(graded.clear_right, percent=True)
    return [
        f"Each cell: the figure, in brackets the interval that covers 95 % of {replicates:,} "
        "resamples of whole sessions, and after the stroke the same figure of always giving the "
        "most frequent grade.",
        table(head, rows),
        "Recall, by true grade, and the severe that were graded as nothing:",
        table(
            ("condition", *(s.name.lower() for s in Severity), "severe graded as none"),
            [[named(name), *_recalls(graded.scores[name])] for name in COLUMNS],
        ),
        f"Of {graded.clear_photos:,} photos without any condition, {clear} got `NONE` for all six.",
    ]


def _figure(scores: Scores, figure: str) -> str:
    return told(scores.figures[figure], percent=figure in {"exact", "within_one"})


def _recalls(scores: Scores) -> list[str]:
    found = [*scores.recall, scores.figures["severe_as_none"]]
    return [told(Estimate(f.value, f.low, f.high), percent=True) for f in found]


def sureness(graded: Graded) -> list[str]:
    rows = []
    for name in COLUMNS:
        scores = graded.scores[name]
        own = scores.figures
        shares = (own["risk"], own["risk_kept"], scores.abstained, scores.risk_of_kept)
        wrong, kept, abstained, served = (told(share, percent=True) for share in shares)
        ece, area, factor = (told(own[f]) for f in ("ece", "aurc", "factor"))
        rows.append([named(name), ece, area, wrong, kept, factor, abstained, served])
    head = ("condition", "ECE", "AURC", "wrong", "wrong of the surest 90 %", "factor",
            "abstain as served", "wrong of the others")  # fmt: skip
    return [
        "ECE: the mean gap between how sure a finding is and how often such findings are right, "
        "over 15 bins of equal mass. AURC: the area under the curve of error rate by share kept. "
        "Factor: what abstaining on the least sure tenth multiplies the error rate by. As served, "
        "findings below the threshold abstain; temperatures and thresholds were chosen on photos "
        "that neither trained nor judged the models (`export.calibrate` says how).",
        table(head, rows),
    ]


def alone(found: Mapping[str, Alone]) -> list[str]:
    if not found:
        return []
    photos = sum(a.photos for a in found.values())
    both = sum(a.both * a.photos for a in found.values()) / photos
    rows = [
        [
            named(name),
            str(a.photos),
            *(f"{s:.1%}" for s in (a.moved, a.exact, a.others_none, a.both)),
        ]
        for name, a in found.items()
    ]  # fmt: skip
    head = ("drawn alone", "photos", "its grade moves", "to the grade drawn", "five others `NONE`",
            "moves, others `NONE`")  # fmt: skip
    return [
        f"Of {photos:,} photos drawn with one condition alone, {both:.1%} moved that condition's "
        "grade and left the other five at `NONE`.",
        table(head, rows),
    ]


def attention(checks: Mapping[str, Attention], drawn: Mapping[str, Alone]) -> list[str]:
    blocks = [_MAPS]
    if checks:
        blocks += [_DELETION, table(_DELETION_HEAD, [_deletion(n, a) for n, a in checks.items()])]
    if drawn:
        rows = [[named(name), *_pointing(found.pointing)] for name, found in drawn.items()]
        blocks += [_POINTING, table(_POINTING_HEAD, rows)]
    return blocks if len(blocks) > 1 else []


_MAPS: Final = (
    "Class activations, from the head's own weights; faded by the chance that there is anything to "
    "see. They show the model's attention, not lesions."
)
_DELETION: Final = (
    "Deletion: cell by cell a photo with the condition becomes one without it, and the chance of a "
    "finding falls; the table has the area under the fall, cells going in the map's "
    "order, at random, and in the map's order turned round. The first must be less than the "
    "second. Randomised head: rank correlation of the maps with those of heads of random weights; "
    "near 0, the maps show what the head learned and not only the photo."
)
_DELETION_HEAD: Final = ("condition", "photos", "map's order", "random", "turned round = insertion",
                         "better than random", "like a randomised head")  # fmt: skip
_POINTING: Final = (
    "On photos drawn with the condition alone: does the brightest cell hold a lesion (the pointing "
    "game), beside a cell picked blindly; and the share of the attention that lies on lesions, "
    "beside their share of the photo. Photos that lesions cover nearly whole are left out."
)
_POINTING_HEAD: Final = ("condition", "photos", "brightest cell", "blindly",
                         "attention on lesions", "their area")  # fmt: skip


def _pointing(found: Pointing) -> Row:
    shares = (found.hits, found.chance, found.mass, found.area)
    return [str(found.photos), *("–" if math.isnan(s) else f"{s:.1%}" for s in shares)]


def _deletion(name: str, found: Attention) -> Row:
    fall, like = found.deletion, found.like_random_head
    areas = (f"{area:.3f}" for area in (fall.by_map, fall.at_random, fall.turned_round))
    likeness = "–" if like is None else f"{like:.2f}"
    return [named(name), str(fall.photos), *areas, f"{fall.less_than_random:.0%}", likeness]


def in_domain(found: InDomain | None) -> list[str]:
    if found is None:
        return []
    rows = [
        [kind.name, str(kind.photos), str(kind.sources), told(kind.taken, percent=True),
         told(kind.taken_at_99, percent=True)]
        for kind in found.kinds
    ]  # fmt: skip
    kept = told(found.scalps_kept, percent=True)
    head = ("what it is", "photos", "sources", "taken as served", "taken at 99 % of scalps")
    return [
        f"At the served threshold of {found.threshold:.3f}, {kept} of {found.scalps:,} scalps are "
        "kept. What is no scalp and is taken for one, there and at the threshold "
        f"({found.threshold_at_99:.3g}) that keeps 99 % of these scalps; photographs are real "
        "ones from packages of Debian, none of them seen in training, all else is drawn. "
        "The scalps here are what was judged above; what it does with any other is unknown.",
        table(head, rows),
    ]


def subgroups(graded: Graded) -> list[str]:
    known = {kind: groups for kind, groups in graded.subgroups.items() if groups}
    note = (
        f"Averaged over the six conditions. A `*` marks fewer than {SMALL_PHOTOS} photos or "
        f"{SMALL_GROUPS} sessions: too few to conclude from."
    )
    return [note, *(_subgroups(kind, groups) for kind, groups in known.items())] if known else []


def _subgroups(kind: str, groups: Sequence[Subgroup]) -> str:
    """Of many small ones the report alone tells each."""
    small = [group for group in groups if group.small]
    few = len(small) <= _SMALL_ONES_TOLD
    told_ones = groups if few else [group for group in groups if not group.small]
    blocks = [_subgroup_table(kind, told_ones)] if told_ones else []
    if not few:
        blocks.append(f"{len(small)} small ones, each in `report.json`.")
    return "\n\n".join([f"<details><summary>By {kind}</summary>", *blocks, "</details>"])


def _subgroup_table(kind: str, groups: Sequence[Subgroup]) -> str:
    figures = ("qwk", "macro_f1", "exact", "ece", "severe_as_none")
    rows = [
        [f"{g.name}{' *' if g.small else ''}", str(g.photos), str(g.groups),
         *(_plain(g.figures[f], f) for f in figures)]
        for g in groups
    ]  # fmt: skip
    head = (kind, "photos", "sessions", "QWK", "macro F1", "exact", "ECE", "severe as none")
    return table(head, rows)


def _plain(found: Estimate, figure: str) -> str:
    percent = figure in {"exact", "severe_as_none"}
    return told(Estimate(found.value, found.low, found.high), percent=percent)


def training(manifests: Iterable[Manifest]) -> list[str]:
    """Once for all the models that were trained on the same."""
    by_data: dict[str, list[str]] = {}
    for manifest in manifests:
        by_data.setdefault(manifest.trained_on, []).append(f"`{manifest.model}`")
    return [f"{', '.join(names)}: **{data}**." for data, names in by_data.items()]


def models(manifests: Iterable[Manifest]) -> list[str]:
    rows = [
        [f"`{m.model}`", str(m.version), str(m.trunk_version),
         "–" if m.abstain_below is None else f"{m.abstain_below:.3f}",
         f"`{m.weights_sha256[:12]}`", f"`{m.data_sha256[:12]}`" if m.data_sha256 else "unknown"]
        for m in manifests
    ]  # fmt: skip
    head = ("model", "version", "of trunk", "abstains below", "sha256 of weights", "data hash")
    return [table(head, rows)]
