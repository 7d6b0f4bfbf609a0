"""The built-in page and the HTTP API, in one process on Litestar."""
