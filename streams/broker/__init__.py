"""Talking to Kafka without Faust: addresses, the feeder that never loses, lag and administration."""
