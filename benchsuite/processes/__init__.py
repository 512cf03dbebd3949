"""Worker processes, seen from the harness: started, told what to do, watched and ended."""
