"""Rules for jobs as a whole: who they run as, when they start, who hears of it."""

from __future__ import annotations

from infra.policies.plan import UNKNOWN, Resource, blocks
from infra.policies.rule import Faults, Rule, expect, given

_JOB = ("databricks_job",)
_CLOCKS = ("schedule", "trigger", "continuous")


def starts_by_itself(job: Resource) -> bool:
    """Whether a clock or an event starts the job."""
    return any(clock.get("pause_status") != "PAUSED" for kind in _CLOCKS for clock in job.blocks(kind))


class RunAsServicePrincipal(Rule):
    """A job that starts by itself, or is production's, runs as a service principal."""

    number = 1
    title = "Jobs run as a service principal"
    severity_word = "HIGH"
    kinds = _JOB
    reason = "A job that runs as a person stops when the person leaves, and until then may do all that person may."
    fix = "Set run_as.service_principal_name (ECOM_RUN_AS, or run_as in infra/environments.py)."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        identities = resource.blocks("run_as")
        for identity in identities:
            if given(identity.get("user_name")):
                yield "run_as names a person"
        if starts_by_itself(resource) or resource.plan.production:
            principals = [each.get("service_principal_name") for each in identities]
            if not any(given(each) for each in principals):
                yield "run_as names no service principal: the job would run as whoever deployed it"


class JobTimeout(Rule):
    """A job has a timeout."""

    number = 2
    title = "Jobs have a timeout"
    severity_word = "HIGH"
    kinds = _JOB
    reason = "0 or nothing means for ever: a run that hangs keeps its cluster and blocks the next run."
    fix = "Set timeout_seconds of the job."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        value = resource.get("timeout_seconds")
        return expect(value, lambda seconds: bool(seconds and seconds > 0), f"timeout_seconds is {value}")


class JobQueue(Rule):
    """A job queues."""

    number = 3
    title = "Jobs queue instead of skipping"
    severity_word = "MEDIUM"
    kinds = _JOB
    reason = "Without a queue a run that meets the concurrency limit is skipped, and nobody is told."
    fix = "Add queue { enabled = true }."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        queues = resource.blocks("queue")
        if not queues:
            yield "there is no queue"
        for queue in queues:
            yield from expect(queue.get("enabled"), bool, "queue.enabled is false")


class OneRunAtATime(Rule):
    """A job runs once at a time."""

    number = 4
    title = "Jobs run once at a time"
    severity_word = "HIGH"
    kinds = _JOB
    reason = "Two runs of one job merge into the same tables at once: conflicts at best, double rows at worst."
    fix = "Set max_concurrent_runs = 1."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        value = resource.get("max_concurrent_runs")
        return expect(value, lambda runs: runs == 1, f"max_concurrent_runs is {value}")


class FailureIsTold(Rule):
    """Somebody hears of a failure."""

    number = 5
    title = "Somebody is told when a job fails"
    severity_word = "HIGH"
    kinds = _JOB
    reason = "A load that fails in silence is found by a reader of yesterday's numbers."
    fix = "Set email_notifications.on_failure or webhook_notifications.on_failure."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        told = [
            each.get("on_failure") for kind in ("email", "webhook") for each in resource.blocks(f"{kind}_notifications")
        ]
        if not any(given(each) for each in told):
            yield "on_failure names nobody"


class DurationRule(Rule):
    """A job has a health rule for its duration."""

    number = 6
    title = "Jobs have a run-duration health rule"
    severity_word = "MEDIUM"
    kinds = _JOB
    reason = "Duration warnings are sent only when a RUN_DURATION_SECONDS rule stands behind them."
    fix = "Add health { rules { metric = RUN_DURATION_SECONDS } } with the expected duration."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        metrics = [rule.get("metric") for health in resource.blocks("health") for rule in blocks(health, "rules")]
        if UNKNOWN in metrics:
            yield None
        elif "RUN_DURATION_SECONDS" not in metrics:
            yield "no health rule is on RUN_DURATION_SECONDS"


class DurationRuleCanFire(Rule):
    """A duration rule fires before the timeout and somebody hears it."""

    number = 7
    title = "Duration rules can fire and are heard"
    severity_word = "MEDIUM"
    kinds = _JOB
    reason = "A rule above the timeout never fires; one without recipients is heard by nobody."
    fix = "Set the rule below timeout_seconds and on_duration_warning_threshold_exceeded to a recipient."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        timeout = resource.get("timeout_seconds")
        rules = [rule for health in resource.blocks("health") for rule in blocks(health, "rules")]
        durations = [rule.get("value") for rule in rules if rule.get("metric") == "RUN_DURATION_SECONDS"]
        for value in durations:
            if value is UNKNOWN or timeout is UNKNOWN:
                yield None
            elif timeout and value >= timeout:
                yield f"the rule waits for {value} s, the run ends at {timeout} s"
        warned = "on_duration_warning_threshold_exceeded"
        notes = [*resource.blocks("email_notifications"), *resource.blocks("webhook_notifications")]
        if durations and not any(given(each.get(warned)) for each in notes):
            yield f"{warned} names nobody"


class JobTags(Rule):
    """A job says whose it is."""

    number = 8
    title = "Jobs are tagged with environment and project"
    severity_word = "MEDIUM"
    kinds = _JOB
    reason = "Costs and findings are told apart by tag; what carries none belongs to nobody."
    fix = "Set tags environment and project."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        return missing_tags(resource.get("tags"))


def missing_tags(tags: object) -> Faults:
    """Yield a fault per tag that a billable thing must carry and does not."""
    if tags is UNKNOWN:
        yield None
        return
    carried = tags if isinstance(tags, dict) else {}
    for name in ("environment", "project"):
        if not given(carried.get(name)):
            yield f"tag {name} is missing"


class ScheduleInUtc(Rule):
    """A schedule is in UTC."""

    number = 9
    title = "Job schedules are in UTC"
    severity_word = "MEDIUM"
    kinds = _JOB
    reason = "In a zone with summer time one hour a year does not exist and one comes twice: a load is lost or doubled."
    fix = "Set schedule.timezone_id = UTC and move the hour."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for schedule in resource.blocks("schedule"):
            zone = schedule.get("timezone_id")
            yield from expect(zone, lambda name: name in ("UTC", "Etc/UTC"), f"timezone_id is {zone}")


class PauseStatusIsSaid(Rule):
    """Whether a clock runs is said in code."""

    number = 10
    title = "Whether a job's clock runs is said in code"
    severity_word = "MEDIUM"
    kinds = _JOB
    reason = "Where pause_status is left out, a pause by hand is no difference and no plan ever shows it."
    fix = "Set pause_status of schedule, trigger or continuous."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for kind in _CLOCKS:
            for clock in resource.blocks(kind):
                if not given(clock.get("pause_status")):
                    yield f"{kind}.pause_status is left out"


class OnlyProductionRunsByTheClock(Rule):
    """Outside production every clock is paused."""

    number = 11
    title = "Only production runs by the clock"
    severity_word = "HIGH"
    kinds = _JOB
    reason = "A forgotten schedule of a test environment pays for clusters every night and writes mails to people."
    fix = "Set pause_status = PAUSED where tag environment is not prod."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        tags = resource.get("tags")
        if isinstance(tags, dict) and tags.get("environment") == "prod":
            return
        for kind in _CLOCKS:
            for clock in resource.blocks(kind):
                yield from expect(clock.get("pause_status"), lambda word: word == "PAUSED", f"{kind} is not paused")


class ChildrenHaveNoClock(Rule):
    """A job that another job runs does not start by itself as well, unless a run more does no harm."""

    number = 12
    title = "A job is started by its parent or by a clock, not by both where a run more does harm"
    severity_word = "HIGH"
    kinds = _JOB
    reason = "With two starters a layer is loaded twice, or one start is skipped and its parent waits for nothing."
    fix = (
        "Pause the child's schedule, or take it out of the parent; where a run more does no harm, set beside_clock of"
        " the job (tag beside_clock = true), which then queues with max_concurrent_runs = 1."
    )

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        if not starts_by_itself(resource) or _may_start_beside_clock(resource):
            return
        for parent in resource.plan.of("databricks_job"):
            if parent is not resource and starts_by_itself(parent) and _runs(parent, resource):
                yield f"{parent.address} runs it, and so does its own clock"


def _may_start_beside_clock(job: Resource) -> bool:
    """Whether the job says that a run more does no harm, and no two of its runs can overlap."""
    tags, queues = job.get("tags"), job.blocks("queue")
    says = isinstance(tags, dict) and tags.get("beside_clock") == "true"
    queued = bool(queues) and all(queue.get("enabled") is True for queue in queues)
    return says and queued and job.get("max_concurrent_runs") == 1


def _runs(parent: Resource, child: Resource) -> bool:
    if child.address in parent.refers("task"):
        return True
    ids = {each.get("job_id") for task in parent.blocks("task") for each in blocks(task, "run_job_task")}
    return child.get("id") is not None and str(child.get("id")) in {str(each) for each in ids}


class TasksAreSorted(Rule):
    """Tasks and what they wait for stand in the order the service returns them."""

    number = 13
    title = "Tasks stand sorted by key"
    severity_word = "LOW"
    kinds = _JOB
    reason = (
        "The service returns tasks sorted; in another order every plan shows a change and people stop reading plans."
    )
    fix = "Sort task by task_key and depends_on by task_key."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        tasks = resource.blocks("task")
        if not _sorted(tasks):
            yield "tasks are not sorted by task_key"
        for task in tasks:
            if not _sorted(blocks(task, "depends_on")):
                yield f"task {task.get('task_key')}: depends_on is not sorted"


def _sorted(entries: list[dict[str, object]]) -> bool:
    keys = [each.get("task_key") for each in entries]
    return keys == sorted(keys, key=str)


class CodeIsPinned(Rule):
    """Code from git is a commit or a tag."""

    number = 14
    title = "Code from git is pinned to a commit or tag"
    severity_word = "HIGH"
    kinds = _JOB
    reason = "A job on a branch runs what was pushed a minute ago: nobody reviewed it and no plan shows it."
    fix = "Deploy the code as files, or set git_source.commit or git_source.tag."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for source in resource.blocks("git_source"):
            if not given(source.get("commit")) and not given(source.get("tag")):
                yield f"git_source follows branch {source.get('branch')}"


RULES = (
    RunAsServicePrincipal(),
    JobTimeout(),
    JobQueue(),
    OneRunAtATime(),
    FailureIsTold(),
    DurationRule(),
    DurationRuleCanFire(),
    JobTags(),
    ScheduleInUtc(),
    PauseStatusIsSaid(),
    OnlyProductionRunsByTheClock(),
    ChildrenHaveNoClock(),
    TasksAreSorted(),
    CodeIsPinned(),
)
