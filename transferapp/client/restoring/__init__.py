"""Archives that go into a repository: read, checked, handed over, and mapped to the new ids."""
