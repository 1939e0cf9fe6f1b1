"""Judging: verdicts, health and metric thresholds. Pure: measurements in, verdicts out."""
