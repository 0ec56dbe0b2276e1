"""Times and memory against problem size; nothing else imports this."""
