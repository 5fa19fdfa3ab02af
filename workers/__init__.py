"""Background programs: the sweep, the calendar, the delivery of notices and webhooks; each calls services of `app`."""
