"""Why a due date is what it is: the explanation of a ticket's limits, and the preview of limits without a ticket."""
