# SPDX-License-Identifier: Apache-2.0
# What the examples of modules for documents have in common.  MODULE is the module, whose rule comes first;
# PROCESS_OPTIONS may be more options of `krait process`.
ROOT := $(realpath $(CURDIR)/../..)
KRAIT ?= $(ROOT)/krait
export KRAIT
PROCESS = $(KRAIT) process --quiet $(PROCESS_OPTIONS) --modules target --input documents --output target/rows.db

run: $(MODULE)
	@rm -f target/rows.db*
	$(PROCESS)
	$(ROOT)/examples/rows.py target/rows.db

check: $(MODULE)
	@rm -f target/rows.db*
	$(PROCESS)
	$(ROOT)/examples/rows.py target/rows.db | diff expected.jsonl -

clean:
	rm -rf target

.PHONY: run check clean
