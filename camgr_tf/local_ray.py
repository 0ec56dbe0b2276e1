"""A Ray of this machine alone, for as long as a command takes."""

import logging
import os

LOGGER = logging.getLogger(__name__)
# A busy machine takes longer than the 15 seconds that Ray allows its agent,
# and the 60 that it allows a worker.
AGENT_MS = 120_000
WORKER_SECONDS = 300
# Half a minute, which no option changes, is all that Ray waits for itself.
TOO_SLOW = "timed out during startup"
TRIES = 4


def start_ray(num_cpus=None, **options):
    """Starts it and connects this process; again where it was too slow.

    Args:
        num_cpus: Integer. Processors that its tasks share. Defaults to
            `None`: those of the machine.
        **options: As of `ray.init`.

    Returns:
        What `ray.init` returns.

    Raises:
        Exception: What `ray.init` raises.
    """
    import ray

    # It reports to nobody, and has no page.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    for left in reversed(range(TRIES)):
        try:
            return ray.init(
                "local",
                num_cpus=num_cpus,
                include_dashboard=False,
                _system_config={
                    "agent_register_timeout_ms": AGENT_MS,
                    "worker_register_timeout_seconds": WORKER_SECONDS,
                    # As urgent as this process. Ray's own 15 leave them a
                    # hundredth of a processor that others use too.
                    "worker_niceness": 0,
                    # As they are needed: those that start ahead compete with
                    # those that are waited for.
                    "prestart_worker_first_driver": False,
                },
                **options,
            )
        except Exception as error:
            if TOO_SLOW not in str(error) or not left:
                raise
            LOGGER.warning("Ray was too slow to start; once more")
            ray.shutdown()
