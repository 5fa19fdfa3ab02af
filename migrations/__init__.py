"""The history of the database's structure; every table is made here and nowhere else."""
