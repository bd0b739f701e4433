"""What an author decides of a post: as it is written anew, and as an edit changes it."""

from dataclasses import dataclass, replace
from typing import Any

from dupi.accounts.fields import check
from dupi.accounts.service import UNCHANGED, Unchanged
from dupi.analyses.sharing import AnalysisPart
from dupi.community.models import Board, Post
from dupi.community.texts import read_body, read_title
from dupi.errors import FieldErrorCode, FieldProblem, InvalidInput


@dataclass(frozen=True, slots=True)
class Draft:
    """All that an author decides of a post. ``share``: parts of the analysis that others see."""

    board: Board
    title: str
    body: str
    image_ids: tuple[str, ...] = ()
    analysis_id: str | None = None
    share: tuple[AnalysisPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What an edit names; ``None`` clears."""

    board: Board | Unchanged | None = UNCHANGED
    title: str | Unchanged | None = UNCHANGED
    body: str | Unchanged | None = UNCHANGED
    image_ids: tuple[str, ...] | Unchanged | None = UNCHANGED
    analysis_id: str | Unchanged | None = UNCHANGED
    share: tuple[AnalysisPart, ...] | Unchanged | None = UNCHANGED


def read_draft(draft: Draft) -> Draft:
    """In the form in which it is stored. Raises InvalidInput."""
    title, body = read_title(draft.title), read_body(draft.body)
    problems = [FieldProblem(("share",), code) for code in _share_problems(draft)]
    if problems:
        raise InvalidInput(problems)
    check(title=title, body=body)
    return replace(draft, title=str(title), body=str(body))


def _share_problems(draft: Draft) -> list[FieldErrorCode]:
    if len(set(draft.share)) < len(draft.share):
        return [FieldErrorCode.DUPLICATE]
    if draft.analysis_id is None:
        return [FieldErrorCode.INVALID] if draft.share else []
    return [] if draft.share else [FieldErrorCode.TOO_FEW]


def applied(post: Post, changes: Changes) -> Draft:
    """The post as its author wants it. Taking the last tick away takes the analysis away."""
    check(
        **{
            name: FieldErrorCode.REQUIRED
            for name in ("board", "title", "body")
            if getattr(changes, name) is None
        }
    )
    draft = Draft(
        board=_or(changes.board, post.board) or post.board,
        title=_or(changes.title, post.title) or "",
        body=_or(changes.body, post.body) or "",
        image_ids=_or(changes.image_ids, tuple(image.id for image in post.images)) or (),
        analysis_id=_or(changes.analysis_id, post.analysis_id or None),
        share=_or(changes.share, post.share) or (),
    )
    return _with_analysis(draft, post, changes)


def _with_analysis(draft: Draft, post: Post, changes: Changes) -> Draft:
    """Ticks are given for one analysis: for another one they are given anew."""
    if changes.analysis_id is None:
        return replace(draft, share=())
    if isinstance(changes.analysis_id, Unchanged):
        return draft if draft.share else replace(draft, analysis_id=None)
    if changes.analysis_id != post.analysis_id and isinstance(changes.share, Unchanged):
        raise InvalidInput.at("share", code=FieldErrorCode.REQUIRED)
    return draft


def _or(change: Any, current: Any) -> Any:
    return current if isinstance(change, Unchanged) else change
