"""Citizens' complaints on the three grounds of the published table: filed, answered by an office, withdrawn."""
