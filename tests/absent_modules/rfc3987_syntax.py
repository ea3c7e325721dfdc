"""In place of a package that nbgrader does not need, and whose import takes a second of each run.

See `import_faster` in `autograder/nbgrader_plugins/patches.py`.
"""

raise ImportError("absent")
