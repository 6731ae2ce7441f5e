"""The book's own code, beside the library: nothing of it is imported by `backprop_lib`."""
