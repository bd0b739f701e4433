"""Serves the PyTorch models of a Triton repository where Triton has no libtorch backend.

The wheel ``nvidia-pytriton`` holds the server and its Python backend alone. Triton takes
``<backend directory>/pytorch/model.py`` for a model whose ``backend`` is ``"pytorch"`` where there
is no ``libtriton_pytorch.so``; so the same repository and the same configurations are served here
and, unchanged, by the libtorch backend of NVIDIA's container.
"""
