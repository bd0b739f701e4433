"""How right the classifiers are, and how sure of it one may be.

``judged`` holds the answers, ``metrics``, ``reliability`` and ``risk`` measure them, ``bootstrap``
says how far a figure could be off, ``report`` gathers it all, ``plots`` and ``card`` show it.
"""
