"""Print the schema: ``python -m schema.export > frontend-contract/schema.graphql``."""

import sys

from schema.root import schema


def exported() -> str:
    return schema.as_str() + "\n"


def main() -> None:
    sys.stdout.write(exported())


if __name__ == "__main__":
    main()
