"""What an adapted prior is good for: annotating images that nobody labelled."""
