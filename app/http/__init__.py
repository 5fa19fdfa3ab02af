"""The HTTP layer around the routes: request guard, OpenAPI file and documentation pages."""
