"""How much one process takes on at once. What is beyond is refused at once, before it is read."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from dupi.errors import RateLimited, Unavailable
from dupi.settings import ApiSettings

_RETRY_AFTER_S = 2


class Room:
    """``most`` places, all alike."""

    def __init__(self, name: str, most: int) -> None:
        self._name = name
        self._most = most
        self.taken = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """One place for as long as the block runs. Raises Unavailable where none is free."""
        if self.taken >= self._most:
            raise Unavailable(
                f"{self._name}: full", retry_after_seconds=_RETRY_AFTER_S, reason=self._name
            )
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


class PersonalRoom:
    """``most`` places for each person, or address where nobody signed in."""

    def __init__(self, name: str, most: int) -> None:
        self._name = name
        self.most = most
        self._taken: Counter[str] = Counter()

    def take(self, who: str) -> bool:
        """Take one more, if there is room."""
        if self._taken[who] >= self.most:
            return False
        self._taken[who] += 1
        return True

    def give_back(self, who: str) -> None:
        self._taken[who] -= 1
        if self._taken[who] <= 0:
            del self._taken[who]

    @contextmanager
    def place(self, who: str) -> Iterator[None]:
        """One place for as long as the block runs. Raises RateLimited where none is free."""
        if not self.take(who):
            raise RateLimited(
                f"{self._name}: {self.most} at once", retry_after_seconds=_RETRY_AFTER_S
            )
        try:
            yield
        finally:
            self.give_back(who)


class Admission:
    """Bounds on memory: an upload is held whole, a request has its body, a stream its buffers.

    Nobody has all the places of a kind: what one takes on slow connections, others do not miss.
    """

    def __init__(self, settings: ApiSettings) -> None:
        self.requests = Room("requests", settings.requests_at_once)
        self.requests_of = PersonalRoom("requests", _half(settings.requests_at_once))
        self.uploads = Room("uploads", settings.uploads_at_once)
        self.uploads_of = PersonalRoom("uploads", settings.uploads_at_once_per_person)
        self.downloads = Room("downloads", settings.downloads_at_once)
        self.downloads_of = PersonalRoom("downloads", _half(settings.downloads_at_once))
        self.streams = Room("streams", settings.streams_at_once)
        self.streams_of = PersonalRoom("streams", settings.sockets_per_person)

    @contextmanager
    def request(self, address: str | None, uploader: str | None = None) -> Iterator[None]:
        """Room for one request, and for the files that ``uploader`` may bring with it.

        Raises Unavailable, RateLimited.
        """
        with ExitStack() as places:
            places.enter_context(self.requests_of.place(str(address)))
            places.enter_context(self.requests.place())
            if uploader is not None:
                places.enter_context(self.uploads_of.place(uploader))
                places.enter_context(self.uploads.place())
            yield

    @contextmanager
    def download(self, address: str | None) -> Iterator[None]:
        """Room for one photo or overlay. Raises Unavailable, RateLimited."""
        with self.downloads_of.place(str(address)), self.downloads.place():
            yield


def _half(places: int) -> int:
    return max(1, places // 2)
