"""Visitors for the shop: a steady stream of journeys, and an honest count of what they got."""
