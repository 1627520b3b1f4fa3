"""Places: a gazetteer, mentions of its places in texts, and how far a mention is from the place that is asked for."""
