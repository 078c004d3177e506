"""Embedded forges on loopback: GitHub-shaped and GitLab-shaped, with git behind them and access enforced.

Importing this package needs nothing but the standard library; `control` says so clearly when the extra is missing.
"""
