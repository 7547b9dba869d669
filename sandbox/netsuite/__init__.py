"""A NetSuite account over HTTP: sign-in, SuiteQL, the record API, and the rules of its stock."""
