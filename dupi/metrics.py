"""What is counted, for Prometheus. One registry a process; ``/metrics`` shows it."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

ANALYSES_FINISHED: Final = Counter(
    "dupi_analyses_finished", "Analyses that ended, by status and failure code", ["outcome"]
)
ADVICES: Final = Counter("dupi_advices", "Advices by who wrote them", ["source"])
ADVICE_RESTARTS: Final = Counter(
    "dupi_advice_restarts", "Replies of the model that were dropped, by reason", ["reason"]
)
LEASES_LOST: Final = Counter("dupi_leases_lost", "Analyses that another worker took over")
STEP_SECONDS: Final = Histogram(
    "dupi_step_seconds",
    "Time of a step of the pipeline",
    ["step"],
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
QUEUE_DEPTH: Final = Gauge("dupi_analyses_unfinished", "Analyses that wait or are at work")
IS_RECONCILED: Final = Gauge("dupi_classifiers_reconciled", "1: Triton is at the live deployment")
REDIS_AWAY: Final = Gauge("dupi_redis_away", "1: this process does without Redis", ["part"])
MAILS: Final = Counter(
    "dupi_mails", "Mails, by what came of them: sent, postponed, refused, expired", ["outcome"]
)
GRADINGS: Final = Counter(
    "dupi_gradings",
    "Findings of photos, by condition, severity (or why there is none) and model version",
    ["condition", "severity", "version"],
)
SHADOWED: Final = Counter(
    "dupi_shadowed",
    "Photos for candidates, by what came of it: agreed, disagreed, dropped, failed",
    ["model", "version", "outcome"],
)
