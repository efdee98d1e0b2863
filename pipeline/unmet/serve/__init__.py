"""The explorer: a local web page and HTTP API over the reader and a file of results."""
