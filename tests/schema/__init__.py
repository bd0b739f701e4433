"""Operations as GraphQL text, on the real store."""
