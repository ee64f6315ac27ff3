"""A key vault's secrets: REST, "Key Vault secrets", api-version 7.4 and its neighbours, as far as an app reads and rotates them.

A vault's own host name ends with the resource that its challenge names; `localhost` does not, so that a client of Azure's must be told
`verify_challenge_resource=False` here."""
