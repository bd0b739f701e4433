"""Print the schema: ``python -m schema.export > frontend-contract/schema.graphql``."""

import sys

from schema.root import schema


def exported() -> str:
    return schema.as_str() + "\n"


if __name__ == "__main__":
    sys.stdout.write(exported())
