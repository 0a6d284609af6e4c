"""Where the names of variables stand: checks, setters, messages; and who still reads them once clients have moved."""
