"""The foundation of all packages: database, clock, jobs, errors and their responses, Turkish text."""
