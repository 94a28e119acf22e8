# SPDX-License-Identifier: Apache-2.0
# tools/check-layers.py on planted includes.
. "$KRAIT_SOURCE_DIR/tests/style/lib.sh"
new_tree
put host/base/a.h <<'EOF'
/* SPDX-License-Identifier: Apache-2.0 */
EOF
put host/engine/e.c <<'EOF'
#include "base/a.h"
#include <krait/error.h>
#include <sys/mman.h>
/* #include "vfs/v.h" */
EOF
put host/engine/e.h </dev/null
accepts "an include of a layer below" check-layers.py

put host/base/b.c <<'EOF'

#include "engine/e.h"
EOF
refuses "an include of a layer above" check-layers.py "host/base/b.c:2: includes 'engine/e.h': layer 'base' may include no other layer"
echo '#include <engine/e.h>' | put host/base/b.c
refuses "the same in angle brackets" check-layers.py "includes 'engine/e.h'"
echo '#include "vfs/v.h"' | put host/engine/e.c
refuses "an include of a layer beside" check-layers.py "layer 'engine' may include base"
echo '#include "../engine/e.h"' | put host/base/b.c
refuses "a way around through .." check-layers.py "host/base/b.c:1: includes '../engine/e.h': a path with '..'"
rm "$T/tree/host/base/b.c" "$T/tree/host/engine/e.c"
accepts "the tree without them" check-layers.py

echo '#include "base/a.h"' | put cli/main.c
refuses "a cli that looks inside" check-layers.py "cli includes only <krait/...>"
echo '#include "aot/reader.h"' | put cli/main.c
refuses "a cli file that looks into the translator" check-layers.py "cli/main.c:1"
echo '#include <krait/aot.h>' | put cli/main.c
accepts "a cli file that uses it" check-layers.py
rm "$T/tree/cli/main.c"

echo '#include "engine/e.h"' | put process/x.c
refuses "a process that uses the engine" check-layers.py "process stands on host/base and <krait/...> only"
printf '#include "cli/cli.h"\n' | put process/x.c
refuses "a library of process that uses the cli" check-layers.py "process/x.c:1"
printf '#include "base/a.h"\n' | put process/x.c
printf '#include "cli/cli.h"\n#include "process/x.h"\n' | put process/program/y.c
accepts "a program of process that does" check-layers.py
rm -r "$T/tree/process"

echo '#include "engine/e.h"' | put aot/x.c
refuses "an aot that uses the engine" check-layers.py "aot stands on host/base only"
echo '#include <krait/krait.h>' | put aot/x.c
refuses "an aot that uses the API" check-layers.py "aot may include only"
rm "$T/tree/aot/x.c"
put host/extra/x.c </dev/null
refuses "a folder without a layer" check-layers.py "host/layers.txt has no layer 'extra'"
rm -r "$T/tree/host/extra"
echo 'base: engine' | put host/layers.txt
refuses "a layer that names a later one" check-layers.py "'base' uses 'engine', which is not above it"
finish
