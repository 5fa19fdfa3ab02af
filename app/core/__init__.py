"""What every room needs: database, clock, jobs, errors and their answers, Turkish text."""
