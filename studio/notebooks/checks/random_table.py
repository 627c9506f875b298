"""Which calls draw random numbers when no seed is given: the tables of the rule unseeded-random.

scikit-learn's are those whose documentation says that `random_state=None` uses NumPy's global generator by default.
"""

from __future__ import annotations

from collections.abc import Mapping


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PYTHON = _words(
    "random uniform randint randrange choice choices shuffle sample gauss normalvariate lognormvariate expovariate "
    "betavariate gammavariate triangular vonmisesvariate paretovariate weibullvariate getrandbits randbytes "
    "binomialvariate"
)
NUMPY = _words(
    "rand randn randint random random_sample ranf sample choice shuffle permutation bytes beta binomial chisquare "
    "dirichlet exponential f gamma geometric gumbel hypergeometric laplace logistic lognormal logseries multinomial "
    "multivariate_normal negative_binomial noncentral_chisquare noncentral_f normal pareto poisson power rayleigh "
    "standard_cauchy standard_exponential standard_gamma standard_normal standard_t triangular uniform vonmises wald "
    "weibull zipf random_integers"
)
TORCH = _words("rand randn randint randperm normal bernoulli multinomial")

# The names of global functions by their module, and what seeds them.
GLOBAL: Mapping[str, tuple[frozenset[str], str]] = {
    "random": (PYTHON, "random.seed"),
    "numpy.random": (NUMPY, "numpy.random.seed"),
    "torch": (TORCH, "torch.manual_seed"),
}
SEEDS = frozenset(seed for _, seed in GLOBAL.values())

# Generators that are seeded by their first argument.
GENERATORS = frozenset(
    {
        "random.Random",
        *(
            f"numpy.random.{name}"
            for name in (
                "default_rng",
                "RandomState",
                "SeedSequence",
                "PCG64",
                "PCG64DXSM",
                "MT19937",
                "Philox",
                "SFC64",
            )
        ),
    }
)

# scikit-learn: what is random unless random_state says otherwise.
SKLEARN = _words(
    """
    RandomForestClassifier RandomForestRegressor ExtraTreesClassifier ExtraTreesRegressor RandomTreesEmbedding
    GradientBoostingClassifier GradientBoostingRegressor HistGradientBoostingClassifier HistGradientBoostingRegressor
    BaggingClassifier BaggingRegressor AdaBoostClassifier AdaBoostRegressor IsolationForest
    DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor
    MLPClassifier MLPRegressor BernoulliRBM SGDClassifier SGDRegressor SGDOneClassSVM Perceptron
    PassiveAggressiveClassifier PassiveAggressiveRegressor RANSACRegressor TheilSenRegressor
    KMeans MiniBatchKMeans BisectingKMeans SpectralClustering GaussianMixture BayesianGaussianMixture
    TSNE TruncatedSVD FastICA NMF MiniBatchNMF LatentDirichletAllocation DictionaryLearning
    MiniBatchDictionaryLearning SparsePCA MiniBatchSparsePCA FactorAnalysis
    GaussianRandomProjection SparseRandomProjection RBFSampler Nystroem PolynomialCountSketch SkewedChi2Sampler
    RandomizedSearchCV HalvingRandomSearchCV train_test_split ShuffleSplit StratifiedShuffleSplit GroupShuffleSplit
    RepeatedKFold RepeatedStratifiedKFold permutation_importance permutation_test_score resample shuffle
    make_classification make_regression make_blobs make_moons make_circles make_friedman1 make_friedman2 make_friedman3
    make_gaussian_quantiles make_hastie_10_2 make_low_rank_matrix make_multilabel_classification make_s_curve
    make_sparse_coded_signal make_sparse_spd_matrix make_sparse_uncorrelated make_spd_matrix make_swiss_roll
    make_biclusters make_checkerboard
    """
)
# What is random only with these arguments: by name the argument and its values.
SKLEARN_WHEN: Mapping[str, tuple[str, frozenset[object]]] = {
    "KFold": ("shuffle", frozenset({True})),
    "StratifiedKFold": ("shuffle", frozenset({True})),
    "StratifiedGroupKFold": ("shuffle", frozenset({True})),
    "GroupKFold": ("shuffle", frozenset({True})),
    "learning_curve": ("shuffle", frozenset({True})),
    "LogisticRegression": ("solver", frozenset({"sag", "saga", "liblinear"})),
    "LogisticRegressionCV": ("solver", frozenset({"sag", "saga", "liblinear"})),
    "Ridge": ("solver", frozenset({"sag", "saga"})),
    "RidgeClassifier": ("solver", frozenset({"sag", "saga"})),
    "Lasso": ("selection", frozenset({"random"})),
    "ElasticNet": ("selection", frozenset({"random"})),
    "SVC": ("probability", frozenset({True})),
    "NuSVC": ("probability", frozenset({True})),
    "PCA": ("svd_solver", frozenset({"randomized", "arpack"})),
    "IterativeImputer": ("sample_posterior", frozenset({True})),
}
# These take no random numbers where shuffle is False.
UNSHUFFLED = frozenset({"train_test_split"})
