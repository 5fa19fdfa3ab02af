"""The catalogue of services: the published table of service standards and the companion files of its folder."""
