"""Light pages that load nothing but what the site contains."""
