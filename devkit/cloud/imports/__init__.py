"""What happens between an import's POST and its end: who asks, what is copied from the source, what may not be, how it is remembered."""
