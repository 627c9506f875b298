"""Which types a stored churn model may hold beside the ones that skops trusts by itself.

A skops file names the types it needs; a list read from the same file would trust whatever the file asks for. So the list stands
here: the compiled trees of scikit-learn's forests and boosting, and nothing else.
"""

TRUSTED_TYPES = [
    "sklearn.tree._tree.Tree",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
]
