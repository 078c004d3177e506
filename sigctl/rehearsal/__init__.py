"""Trying a proposal on embedded forges before anyone believes it: applied there, compared again, proved by pushes."""
