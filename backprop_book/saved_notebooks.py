"""A notebook is saved without live widgets where a saved form stands beside them: an extension of Jupyter's server.

JupyterLab shows a widget whose kernel is gone as an error, even if the output holds a form that needs no kernel. The
package brings `jupyter_server_config.d/backprop_book.json` into its environment, which tells Jupyter to load this
module. It imports nothing: every student's server on a hub would carry it.
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


def _jupyter_server_extension_points():
    return [{"module": __name__}]


def _load_jupyter_server_extension(server):
    # Not before the loop runs: an extension that is loaded later, as jupytext's, may put another manager in place.
    server.io_loop.add_callback(lambda: server.contents_manager.register_pre_save_hook(drop_widget_views))
