"""Outside teams apply for compute: what they ask for, who answers, from when until when."""
