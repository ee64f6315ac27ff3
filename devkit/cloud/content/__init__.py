"""What the registry holds, on disk and in the database: manifests, tags, blobs, and what keeps them from being changed or seen."""
