"""Entra ID, for one tenant: its token endpoint, what proves an application, and how its applications stand.

Sources: Microsoft identity platform, "OAuth 2.0 client credentials flow", "Certificate credentials" and "Workload identity federation";
error numbers and texts: "Microsoft Entra authentication error codes" and answers quoted in public reports."""
