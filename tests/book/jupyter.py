"""Runs a notebook in Jupyter and writes it with what it printed: python jupyter.py FILE (nbclient 0.10, Debian 12)."""
import sys

import nbformat
from nbclient import NotebookClient

path = sys.argv[1]
notebook = nbformat.read(path, as_version=4)
folder = {"metadata": {"path": path.rsplit("/", 1)[0]}}
NotebookClient(notebook, timeout=600, kernel_name="deno", resources=folder).execute()
nbformat.write(notebook, path)
