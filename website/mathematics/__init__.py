"""Mathematics, laid out when the site is built."""
