"""What surrounds every HTTP request: the request guard, the OpenAPI file and the documentation pages."""
