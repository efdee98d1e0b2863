"""The spaCy pipeline: one component per file, each registered as a factory of its own name.

A component reads and writes plain values only (``doc._.letter``, ``doc._.mentions``, ...), so that a Doc can be
serialised and sent between processes. Rules come from the data files under ``knowledge/`` and are loaded when a
component is made, never stored with a pipeline.
"""
