"""The only room that knows Faust: take a fetch, call pure functions in a lane, land the rows, ack."""
