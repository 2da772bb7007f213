# Lacuna's tasks; `make help` lists them. Each makes .venv first when it is missing.
CORES ?= 2
BIN := .venv/bin
READY := .venv/ready
TOOLS := .venv-tools
SNAKEMAKE := $(BIN)/snakemake --cores $(CORES)

.PHONY: help demo answers small-data demo-translation translation-small demo-retrieval retrieval-small retrieval-tahoe demo-single-cell single-cell-small demo-deepcellstate lincs-mini lincs-mini-deepcellstate lincs-cells tahoe own-data figures reproduce bench-signatures bench-accuracy bench-methods bench-tahoe bench-completers bench-constants bench-blending bench-few bench-expected bench-scales bench-forms simulated-products docs-product fresh-screens bench-translation bench-translation-worlds bench-retrieval bench-retrieval-worlds bench-single-cell bench-single-cell-options bench-single-cell-worlds bench-completion bench-complete bench-ask bench-deepcellstate bench-network-options bench-cluster bench-scaling test reliability coverage mutants slurm-test lint format docs readme constraints requirements audit base-image clean rehearse rehearse-deepcellstate
.DEFAULT_GOAL := help

help: ## list the tasks
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## run the workflow on the embedded simulated screen
	@$(BIN)/lacuna unlock
	@$(SNAKEMAKE)

small-data: $(READY) ## gather the real data of the shipped configurations, from ../shared/data (LACUNA_SHARED) or by download, and check them
	$(BIN)/python -m lacuna.project.small_data

demo-retrieval: $(READY) ## bring structures and profiles of a simulated screen into one space, and rank
	@$(BIN)/lacuna unlock
	@$(SNAKEMAKE) --configfile config/config.yaml config/demo-retrieval.yaml

retrieval-small: $(READY) ## the same on real plates (needs the data: make small-data)
	@$(BIN)/lacuna unlock
	@$(SNAKEMAKE) --configfile config/retrieval-small.yaml

retrieval-tahoe: $(READY) ## the same on ranks of 24 cell lines (needs the data: make small-data)
	@$(BIN)/lacuna unlock
	@$(SNAKEMAKE) --configfile config/retrieval-tahoe.yaml

demo-single-cell: $(READY) ## carry what a simulated bulk screen teaches over to single cells, and judge drugs that no cell saw
	@$(BIN)/lacuna unlock
	@$(SNAKEMAKE) --configfile config/config.yaml config/demo-single-cell.yaml

single-cell-small: $(READY) ## the same on real data (needs the data: make small-data)
	@$(BIN)/lacuna unlock
	@$(SNAKEMAKE) --configfile config/single-cell-small.yaml

demo-deepcellstate: $(READY) ## compare DeepCellState with its rivals on the simulated screen
	@$(BIN)/lacuna unlock
	@$(SNAKEMAKE) --configfile config/config.yaml config/deepcellstate.yaml

demo-translation: $(READY) ## bring simulated L1000 profiles to RNA-seq, and judge every pair of steps
	@$(BIN)/lacuna unlock
	@$(SNAKEMAKE) --configfile config/config.yaml config/demo-translation.yaml

translation-small: $(READY) ## the same on real samples (needs the data: make small-data)
	@$(BIN)/lacuna unlock
	@$(SNAKEMAKE) --configfile config/translation-small.yaml

lincs-mini-deepcellstate: $(READY) ## the same on real plates (needs the data: make small-data)
	@$(BIN)/lacuna unlock
	@$(SNAKEMAKE) --configfile config/lincs-mini.yaml config/deepcellstate.yaml \
		config/lincs-mini-deepcellstate.yaml

lincs-mini: $(READY) ## run the workflow on real plates (needs the data: make small-data)
	@$(BIN)/lacuna unlock
	@$(SNAKEMAKE) --configfile config/lincs-mini.yaml

lincs-cells: $(READY) ## run the workflow on ready-made signatures (needs the data: make small-data)
	@$(BIN)/lacuna unlock
	@$(SNAKEMAKE) --configfile config/lincs-cells.yaml

tahoe: $(READY) ## run the workflow on ranks of 24 cell lines, nearly every pair measured (needs the data: make small-data)
	@$(BIN)/lacuna unlock
	@$(SNAKEMAKE) --configfile config/tahoe.yaml

own-data: $(READY) ## from seven folders of real data, altered, to seven reports, with what `lacuna init` writes (needs the data: make small-data)
	$(BIN)/python bench/own_folders.py --cores $(CORES)

DATASET ?= demo

figures: $(READY) ## draw the figures of DATASET anew from its finished tables; the report keeps the old ones
	@test -f results/$(DATASET)/config.yaml || { echo "results/$(DATASET) holds no finished run; make one first, or name another: make figures DATASET=..." >&2; exit 1; }
	drawing=$$($(BIN)/lacuna plan --figures --configfile results/$(DATASET)/config.yaml) && \
		$(SNAKEMAKE) --configfile results/$(DATASET)/config.yaml --allowed-rules figures $$drawing --forcerun $$drawing -- figures

reproduce: $(READY) ## run the finished run of DATASET again from its stored configuration, and compare all tables
	$(BIN)/lacuna reproduce $(DATASET) --cores $(CORES)

bench-signatures: $(READY) ## measure how fast signatures are made, and in how much memory
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python bench/signatures.py

COMPARED := demo demo-additive demo-low-rank lincs-mini lincs-cells tahoe

bench-accuracy: $(READY) ## compare all methods on six datasets (needs the data: make small-data)
	for name in $(COMPARED); do \
		case $$name in demo) files=config/config.yaml;; demo-*) files="config/config.yaml config/$$name.yaml";; *) files=config/$$name.yaml;; esac; \
		$(SNAKEMAKE) --configfile $$files -- results/$$name/metrics.tsv || exit 1; \
	done
	$(BIN)/python bench/accuracy.py $(COMPARED)

bench-methods: $(READY) ## compare DeepCellState and its rivals with all other methods on six datasets (needs the data: make small-data)
	$(BIN)/python bench/methods.py --cores $(CORES) $(COMPARED)

bench-tahoe: tahoe ## print how good all methods are on a real, nearly full grid, also with few of its profiles and on tested entries alone
	$(BIN)/python bench/tahoe.py

SIMULATED := demo demo-additive demo-low-rank

bench-completers: $(READY) ## compare the completers of figure S1 on the small tensors of three simulated screens
	for name in $(SIMULATED); do \
		case $$name in demo) files=config/config.yaml;; *) files="config/config.yaml config/$$name.yaml";; esac; \
		$(SNAKEMAKE) --configfile $$files -- results/$$name/tensor/small.h5 || exit 1; \
	done
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python bench/completers.py $(SIMULATED)

FRESH := 61 62
FRESH_SCREENS := $(foreach name,$(SIMULATED),$(foreach seed,$(FRESH),constants-$(name)-$(seed)))

fresh-screens: $(READY) # two seeds of each generator that no table of accuracy shows
	for name in $(SIMULATED); do for seed in $(FRESH); do \
		case $$name in demo) files=config/config.yaml;; *) files="config/config.yaml config/$$name.yaml";; esac; \
		$(SNAKEMAKE) --configfile $$files --config dataset=constants-$$name-$$seed seed=$$seed -- \
			results/constants-$$name-$$seed/tensor/large.h5 results/constants-$$name-$$seed/tensor/drugs.tsv \
			results/constants-$$name-$$seed/tensor/baseline.tsv || exit 1; \
	done; done

bench-constants: fresh-screens ## try other constants of Kernel and Blend on simulated screens that no table shows
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python bench/completion_constants.py \
		$(FRESH_SCREENS)

bench-blending: fresh-screens ## is the factor model worth a place in Blend?
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python bench/blending.py $(FRESH_SCREENS)

bench-few: $(READY) ## does Blend lose to Kernel where profiles are few? on small simulated screens that no other table shows
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python bench/few_profiles.py

bench-expected: $(READY) ## does the product's expected_r keep its promise, on the demo and on real data? (needs the data: make small-data)
	$(SNAKEMAKE) -- results/demo/completed/blend.gctx results/demo/evaluation/expected_r/blend/tiers.tsv
	$(SNAKEMAKE) --configfile config/tahoe.yaml -- results/tahoe/evaluation/expected_r/blend/tiers.tsv
	$(BIN)/python bench/expected.py demo tahoe

simulated-products: $(READY)
	for name in $(SIMULATED); do \
		case $$name in demo) files=config/config.yaml;; *) files="config/config.yaml config/$$name.yaml";; esac; \
		$(SNAKEMAKE) --configfile $$files -- results/$$name/completed/blend.gctx || exit 1; \
	done

bench-scales: simulated-products ## which scale makes the best list of what raises a gene? on three simulated screens
	$(BIN)/python bench/scales.py $(SIMULATED)

bench-forms: simulated-products ## which form learns best what correlation to expect? on three simulated screens
	$(BIN)/python bench/expected_forms.py $(SIMULATED)

docs-product: $(READY) ## run the blocks of docs/product.md on the finished demo, and write what they print below them
	$(BIN)/python bench/notebook.py docs/product.md

bench-translation: $(READY) ## measure how fast a translation trains and translates, and in how much memory
	$(BIN)/python bench/translation.py

bench-translation-worlds: $(READY) ## judge step 1 of the translation on planted platforms of five seeds
	$(BIN)/python bench/translation_worlds.py

bench-retrieval: $(READY) ## measure how fast an alignment trains and CCA is fitted, beside other libraries
	$(BIN)/python bench/retrieval.py

bench-retrieval-worlds: $(READY) ## judge losses and baselines of the retrieval on planted screens of five seeds
	$(BIN)/python bench/retrieval_worlds.py

bench-single-cell: $(READY) ## measure how fast networks of single cells train, and in how much memory
	$(BIN)/python bench/single_cell.py

bench-single-cell-options: $(READY) ## try the options of networks of single cells on planted cells
	$(BIN)/python bench/single_cell_options.py

bench-single-cell-worlds: $(READY) ## judge pretraining on planted single cells of five seeds, and on worlds where structures say nothing
	$(BIN)/python bench/single_cell_worlds.py

bench-completion: $(READY) ## measure speed, memory and PCT of each method at the paper's size
	$(BIN)/python bench/completion.py

bench-complete: $(READY) ## measure time and memory of every method that completes the whole grid (about 5 hours)
	$(BIN)/python bench/complete.py

bench-ask: demo tahoe ## measure how fast a product of the paper's size is asked, and whether a profile finds its drug in other cells
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python bench/ask.py
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python bench/ask_page.py

bench-deepcellstate: $(READY) ## measure how fast DeepCellState and its rivals train at the paper's size
	TQDM_DISABLE=1 $(BIN)/python bench/deepcellstate.py

bench-network-options: $(READY) ## try rates, minibatches and epochs of the networks from cell to cell on simulated screens that no table shows (hours)
	TQDM_DISABLE=1 OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python bench/network_options.py

bench-cluster: $(READY) ## compare what jobs take with what profiles/slurm asks for
	@$(SNAKEMAKE) --notemp --configfile config/config.yaml bench/cluster.yaml
	$(BIN)/python bench/cluster.py

SCALE ?= 0.02

rehearse: $(READY) ## run config/hodos.yaml from download to report on SCALE (0.02) of made-up data, and foretell the whole
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python bench/rehearse.py --scale $(SCALE) --cores $(CORES)

rehearse-deepcellstate: $(READY) ## run DeepCellState's paper from download to report on made-up data, its trainings cut short
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python bench/rehearse_deepcellstate.py --cores $(CORES)

bench-scaling: $(READY) ## measure how time and memory grow with drugs, cells and genes
	$(BIN)/python bench/scaling.py

test: $(READY) ## run all tests; PAGE=1 also writes docs/reliability.md of what became of their faults
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(CORES) --dist loadfile --no-loadscope-reorder $(if $(PAGE),--reliability=docs/reliability.md)

reliability: $(READY) ## cause every fault that a test knows, and write docs/reliability.md
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(CORES) --dist loadfile --no-loadscope-reorder -m fault --reliability=docs/reliability.md

coverage: $(READY) ## show which lines of the library the unit tests never reach
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(CORES) --dist loadfile --no-loadscope-reorder --cov --cov-report=term tests/unit

mutants: $(READY) ## change the numerical core in one place at a time: do its tests notice? MODULE=evaluation/deg for all of one module
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python tests/mutants.py $(MODULE) --processes $(CORES)

slurm-test: $(READY) ## run the workflow on a real SLURM that this starts (as root, on Debian)
	$(BIN)/python tests/slurm/check.py

lint: $(READY) ## check the style of the code and of the workflow, and the types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/snakemake --lint

format: $(READY) ## put the code into the style that lint checks
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow/rules

answers: demo ## write into the pages what the commands answer on the demo
	@$(SNAKEMAKE) --configfile config/config.yaml config/deepcellstate.yaml -- \
		results/demo-deepcellstate/cell_to_cell/latent_states.tsv
	$(BIN)/python bench/answers.py

docs: $(READY) ## write what stands in schemas, on cards and in marks of faults into the pages, and build the documentation's site: site/index.html
	$(BIN)/python -m lacuna.project.documentation
	$(BIN)/python tests/helpers/reliability.py
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "The documentation: site/index.html"

.PHONY: page
page: ## bundle the page to ask a product from its sources (needs node and npm)
	cd workflow/lacuna/explore/page && npm ci --no-audit --no-fund && npm run build

readme: demo ## draw the README's figure anew
	cp results/demo/figures/overview.png docs/overview.png

constraints: $(TOOLS)/ready ## pin the newest versions that pyproject.toml allows, with the hashes of their files
	sh workflow/pin.sh $(TOOLS)/bin/uv --upgrade

requirements: $(TOOLS)/ready ## write the hashes anew, of the versions in constraints.txt and of what pyproject.toml asks for since
	sh workflow/pin.sh $(TOOLS)/bin/uv

audit: $(TOOLS)/ready ## ask PyPI which of the pinned versions have known vulnerabilities (needs the network)
	@$(TOOLS)/bin/pip-audit --disable-pip --require-hashes --progress-spinner off \
		$(foreach list,build torch all tools,--requirement requirements/$(list).txt) || { \
		echo "Not clean: vulnerabilities are listed above or, if an error is, PyPI did not answer, and nothing is known." >&2; exit 1; }

base-image: ## write the digest of the Dockerfile's base image into it (needs the network, and skopeo or docker)
	sh workflow/base_image.sh Dockerfile

clean: ## remove the virtual environments and what the demo made
	rm -rf .venv $(TOOLS) results/demo

$(READY): $(wildcard requirements/*.txt) pyproject.toml workflow/install.sh
	@python=$$(sh workflow/find_python.sh) && $$python -m venv .venv
	@echo "Bringing what Lacuna needs into .venv; this takes some minutes."
	@sh workflow/install.sh $(BIN)/python all
	@touch $@

$(TOOLS)/ready: requirements/tools.txt
	@python=$$(sh workflow/find_python.sh) && $$python -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip install --quiet --require-hashes --no-deps --requirement requirements/tools.txt
	@touch $@
