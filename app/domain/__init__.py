"""The words of the law and of the published table that all packages share; standard library only."""
