"""What a package does once it runs somewhere: weights, inputs, threads, bills of materials."""
