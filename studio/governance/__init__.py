"""Who may do what: people and their roles, the policy, and signatures."""
