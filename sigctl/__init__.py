"""Declare and enforce who may do what on an open-source project's forges."""
