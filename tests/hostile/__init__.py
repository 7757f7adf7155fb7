"""Files of strangers: what they may ask for, and what they may say."""
