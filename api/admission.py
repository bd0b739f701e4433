"""How much one process takes on at once. What is beyond is refused at once, before it is read."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from starlette.datastructures import Headers

from api.bodies import is_multipart
from dupi.errors import Unavailable
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

    def __init__(self, most: int) -> None:
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


class Admission:
    """Bounds on memory: an upload is held whole, a request has its body, a stream its buffers."""

    def __init__(self, settings: ApiSettings) -> None:
        self.requests = Room("requests", settings.requests_at_once)
        self.uploads = Room("uploads", settings.uploads_at_once)
        self.streams = Room("streams", settings.streams_at_once)
        self.streams_of = PersonalRoom(settings.sockets_per_person)

    @contextmanager
    def request(self, headers: Headers) -> Iterator[None]:
        """Room for one request, and for its files if it may bring some. Raises Unavailable."""
        with ExitStack() as places:
            places.enter_context(self.requests.place())
            if is_multipart(headers):
                places.enter_context(self.uploads.place())
            yield
