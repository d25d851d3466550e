"""Makes %mdm known to every kernel of this environment; what it does is loaded at its first use."""


def _register_mdm() -> None:
    """A kernel must start whatever became of the package; why it has no %mdm stands in its debug log."""
    try:
        from IPython import get_ipython

        from jupyterlab_mdm.notebook.lazy import register

        register(get_ipython())
    except Exception:
        import logging

        logging.getLogger("jupyterlab_mdm").debug("%mdm was not registered", exc_info=True)


_register_mdm()
del _register_mdm
