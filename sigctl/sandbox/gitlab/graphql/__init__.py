"""GraphQL as GitLab has it, the part of it that is about groups, projects, people and branch rules."""
