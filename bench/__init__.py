"""What Evertick costs: real servers, real sockets, headless players. See README.md."""
