"""Which faces are classified in which image."""

from collections.abc import Iterable

from fer_ros.core.values import NS_PER_S


class ClassificationSchedule:
    """
    Gives every track its turn at a steady rate; where more are due than fit, those go first that wait longest.

    The next turn is counted from the one that was due, not from the image that came after it: at 30 images/s and
    10 Hz every third image is taken even where stamps jitter.
    """

    def __init__(self) -> None:
        self._due_ns: dict[int, int] = {}

    def take(
        self, candidates: Iterable[int], stamp_ns: int, rate_hz: float, max_batch: int,
    ) -> list[int]:
        """
        Return the tracks to classify in this image, and note that they had their turn.

        :param candidates: identities of the faces that can be classified in this image.
        :param stamp_ns: stamp of the image.
        :param rate_hz: turns of each track a second; 0: in every image.
        :param max_batch: at most so many.
        """
        period_ns = round(NS_PER_S / rate_hz) if rate_hz > 0 else 0
        waiting = sorted(
            (self._due_ns.get(track_id, stamp_ns - NS_PER_S), track_id) for track_id in candidates)
        # A stamp counts for a turn that is less than a tenth of a period away: cameras jitter.
        taken = [
            (due, track_id) for due, track_id in waiting
            if due - period_ns // 10 <= stamp_ns][:max_batch]
        for due, track_id in taken:
            late = stamp_ns - due
            self._due_ns[track_id] = (due if late < period_ns else stamp_ns) + period_ns
        return [track_id for _, track_id in taken]

    def keep(self, tracks: Iterable[int]) -> None:
        """Forget all other tracks."""
        tracks = set(tracks)
        self._due_ns = {k: v for k, v in self._due_ns.items() if k in tracks}
