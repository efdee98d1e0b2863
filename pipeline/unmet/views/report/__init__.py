"""The corpus report: what sank the requests of many letters, as one page and as tables."""
