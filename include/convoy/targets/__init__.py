"""Where components run, behind one small protocol."""
