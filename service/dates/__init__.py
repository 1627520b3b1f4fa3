"""Dates: expressions of days and periods in Arabic and English texts, and the interval that a question asks for."""
