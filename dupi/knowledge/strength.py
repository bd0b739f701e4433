"""The order of plans, from the lightest to the strongest.

A plan is stronger the nearer it brings a person to a doctor: a referral stands above everything,
an urgent one above a prompt one, and among plans without one the follow-up decides (look again,
see a doctor if it stays, see a doctor). On the same rung, more reasons to be seen are stronger,
then more findings that are cared for, then more that is asked of the person, as far as a plan has
room: what must be in it past that makes it no stronger.

A higher grade of any condition, all else equal, never gives a weaker plan.
"""

from dataclasses import dataclass

from dupi.knowledge.plan import Plan
from dupi.knowledge.rulebook import Rulebook, Rung, rulebook
from dupi.knowledge.vocabulary import ReferralUrgency

REFERRAL_RUNGS = {
    ReferralUrgency.SOON: Rung.REFERRAL_SOON,
    ReferralUrgency.PROMPT: Rung.REFERRAL_PROMPT,
    ReferralUrgency.URGENT: Rung.REFERRAL_URGENT,
}


@dataclass(frozen=True, slots=True, order=True)
class Strength:
    """Compared from the first field to the last."""

    rung: Rung
    reasons: int
    """Of the referral."""
    cared_for: int
    """Conditions that some action is for."""
    actions: int


def strength_of(plan: Plan, rules: Rulebook | None = None) -> Strength:
    """Where ``plan`` stands in the order of ``rules``, else of those that made it."""
    rules = rules or rulebook(plan.edition)
    return Strength(
        rung=_rung(plan, rules),
        reasons=len(plan.referral.reasons) if plan.referral else 0,
        cared_for=len({c for action in plan.actions for c in action.conditions}),
        actions=_asked(plan, rules),
    )


def _asked(plan: Plan, rules: Rulebook) -> int:
    counted = sum(rules.phrased(action.code).counts for action in plan.actions)
    return min(counted, rules.max_actions) + len(plan.actions) - counted


def _rung(plan: Plan, rules: Rulebook) -> Rung:
    if plan.referral:
        return REFERRAL_RUNGS[plan.referral.urgency]
    return max((rules.phrased(action.code).rung for action in plan.actions), default=Rung.CARE)
