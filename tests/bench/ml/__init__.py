"""What is compared with: programs of the ml environment, asked over their standard input."""
