"""Rasad: search over reports in Arabic and English, answered with cited passages."""

__version__ = "0.1.0"
