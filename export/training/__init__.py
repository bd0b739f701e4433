"""What a training run is made of; ``export.train`` puts it together."""
