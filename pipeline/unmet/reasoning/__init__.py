"""From the sentences of a rationale to the criteria it decides: cues, findings, dependence on other requests, status."""
