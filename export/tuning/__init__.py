"""How near the classifiers come to what the machine can multiply, and by which ways."""
