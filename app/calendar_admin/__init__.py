"""The administration of the working calendar: leave, short days, working Saturdays, confirmed years."""
