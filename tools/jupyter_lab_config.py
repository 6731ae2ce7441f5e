"""Settings of `make lab`: a notebook is saved without live widgets where a saved form stands beside them.

JupyterLab shows a widget whose kernel is gone as an error, even if the output holds a form that needs no kernel.
"""

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def drop_widget_views(model, **kwargs):
    """Take the widget's view out of every output that has HTML, too; the open page keeps it."""
    if model["type"] != "notebook":
        return
    for cell in model["content"]["cells"]:
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                output["data"].pop(WIDGET_VIEW, None)


if "get_config" in globals():  # given by Jupyter when it reads its settings
    get_config().FileContentsManager.pre_save_hook = drop_widget_views  # noqa: F821
