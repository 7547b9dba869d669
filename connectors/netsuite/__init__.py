"""NetSuite over its REST services: SuiteQL to read, the record API to write."""
