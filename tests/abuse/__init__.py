"""What the doors survive: hostile and broken input, through each of them."""
