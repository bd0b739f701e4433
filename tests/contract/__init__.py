"""The contract: what is served differs from it in nothing that exists so far."""
