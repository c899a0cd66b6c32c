"""The app's own page and its HTTP API: loaded when somebody asks for either."""
