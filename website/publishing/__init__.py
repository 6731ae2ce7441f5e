"""What pages say and link to where the site's and the repository's addresses are known."""
