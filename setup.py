"""What pyproject.toml cannot say: that data files are installed by `pip install --editable`, too."""

import setuptools


class Distribution(setuptools.Distribution):
    """An editable installation asks `has_data`, which setuptools itself does not answer."""

    def has_data(self):
        """Tell whether there are data files."""
        return self.has_data_files()


setuptools.setup(distclass=Distribution)
