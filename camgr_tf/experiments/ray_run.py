"""A trial as a task of a Ray cluster, as its driver sees it."""

# Seconds until a task that is cancelled has ended its process.
GRACE = 10.0


class RayRun:
    """A trial's task.

    Args:
        ray: The imported package.
        reference: `ray.ObjectRef` of its end.

    Attributes:
        host: String. Where it ran; `None` while that is not known.
    """

    def __init__(self, ray, reference):
        self._ray = ray
        self._reference = reference
        self.host = None

    def ended(self):
        """`None` while it runs or waits, then its error, `""` for none."""
        if not self._is_ready(0):
            return None
        try:
            end = self._ray.get(self._reference)
        except self._ray.exceptions.RayError as error:
            return f"{type(error).__name__} of Ray: {str(error).strip()}"
        self.host = end["host"]
        return end["error"]

    def stop(self):
        """Ends it at once."""
        self._ray.cancel(self._reference)
        if not self._is_ready(GRACE):
            self._ray.cancel(self._reference, force=True)

    def _is_ready(self, seconds):
        return bool(self._ray.wait([self._reference], timeout=seconds)[0])
