"""What a reviewer sees: the difference of two notebooks, the packet of evidence around it, and where comments hang."""
