"""Import of records from retired systems as closed tickets: they have history and figures, but no running limit."""
