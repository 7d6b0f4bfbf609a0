"""What koubei tells of itself: each operational happening is one event, its log line and counter together."""
