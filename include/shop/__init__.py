"""The demo shop: a dozen small HTTP services that really call each other, and a load generator.

Python's standard library only. ``python -m shop.service`` is every one of the services; ``python -m shop.load`` is the
visitors. Nothing in here knows Convoy: a service learns who it is from environment variables.
"""
