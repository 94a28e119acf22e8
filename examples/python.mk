# SPDX-License-Identifier: Apache-2.0
# Makes target/NAME.wasm, with _ for -, of src/script.py: what the examples in Python have in common.
MODULE := target/$(subst -,_,$(NAME)).wasm

# Always: it takes a tenth of a second, and the module runtime may have changed.
$(MODULE): FORCE
	@$(ROOT)/scripts/build-python-module.sh $(NAME) src/script.py

FORCE:
.PHONY: FORCE

include $(CURDIR)/../documents.mk
