"""What a proposal comes to, and who must approve it; pure: two resolved versions in, data out."""
