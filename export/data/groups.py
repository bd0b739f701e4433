"""Which keys belong together, directly or through others (union-find)."""


class Groups:
    """``root`` of a key is the least of all keys that it was joined with, directly or not."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def root(self, key: str) -> str:
        parent = self._parents.setdefault(key, key)
        while parent != key:
            self._parents[key] = self._parents[parent]  # halves the path for the next one
            key, parent = parent, self._parents[parent]
        return key

    def join(self, one: str, other: str) -> None:
        least, other = sorted((self.root(one), self.root(other)))
        self._parents[other] = least
