"""The municipality's calendar as people administer it: leave, short days, working Saturdays, confirmed years."""
