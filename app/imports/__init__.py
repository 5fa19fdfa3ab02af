"""Records of systems that are gone, taken over as tickets that are closed: figures and history, no limit runs on."""
