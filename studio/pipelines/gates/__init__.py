"""Gates: what a pipeline's results must be like before anybody relies on them."""
