"""The web service: a JSON API, a search page in Arabic and English, and the server that runs them."""
