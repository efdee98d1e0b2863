"""Judging and improving the pipeline: what a change won and lost."""
