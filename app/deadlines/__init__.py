"""Explanations of due dates: of a ticket's limits, and previews of limits without a ticket."""
