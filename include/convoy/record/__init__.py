"""What happened: events, the ledger of what is live, and the sealed record of a run."""
