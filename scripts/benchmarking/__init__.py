"""Rasad beside rank-bm25, bm25s, tantivy, SQLite FTS5 and txtai: build, memory, disk, latency, agreement, quality."""
