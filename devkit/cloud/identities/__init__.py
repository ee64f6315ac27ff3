"""Who may do what: repository tokens, principals by their roles, and the endpoint of managed identities."""
