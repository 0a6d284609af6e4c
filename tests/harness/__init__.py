"""What the tests stand on: SDK environments, a loopback server in OpenAI's place, a program runner and fixtures."""
