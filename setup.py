"""Packages and their data; everything else is in pyproject.toml.

A wheel has no checkout beside it, so the sample collection in seeds/ travels inside the package, as service/_seeds.
"""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["service", "service.*"]), "service._seeds"],
    package_dir={"service._seeds": "seeds"},
    package_data={
        "service": ["py.typed", "models/**"],
        "service.places": ["data/**"],
        "service.web": ["templates/**", "static/**"],
        "service._seeds": ["**"],
    },
)
