# SPDX-License-Identifier: GPL-2.0
.PHONY: answers
answers: $(TREE:%=build/%/bzImage) selftests ## 3 compare every answer of bpf(2) between trees (TREE="6.1 5.10 6.12")
	@exec scripts/step answers . scripts/answers $(TREE)
	@cat build/log/answers

# which random steps, and how many; transcripts takes several seeds
FUZZ_SEED ?= 1
FUZZ_STEPS ?= 1000000

.PHONY: fuzz
fuzz: $(TREE:%=fuzz-%) ## 3 random steps against a model (FUZZ_SEED=1 FUZZ_STEPS=1000000)

fuzz-%: build/%/bzImage$D build/%/selftests/guest/list FORCE
	@exec scripts/long-test $* fuzz $(debug) -- "./fuzz --seed $(FUZZ_SEED) --steps $(FUZZ_STEPS)" -t 43200 -p 43000

.PHONY: transcripts
transcripts: $(TREE:%=transcript-%) ## 3 compare every step of make fuzz between trees (TREE="6.1 5.10 6.12")
	@scripts/compare-transcripts $(TREE)

# the fuzzer is the same program on each kernel
transcript-%: build/%/uml build/$(firstword $(TREE))/selftests/guest/list FORCE
	@exec scripts/step transcript $* scripts/transcript $* $(firstword $(TREE)) '$(FUZZ_SEED)' '$(FUZZ_STEPS)'
	@cat build/$*/log/transcript

.PHONY: load
load: $(TREE:%=load-%) ## 3 10,000 devices, 100 processes, ten minutes of packets

load-%: build/%/bzImage$D build/%/selftests/guest/list FORCE
	@exec scripts/long-test $* load $(debug) -- "TC_LINK_LOAD=1 ./load" -m 4096 -t 14400 -p 14400
