# SPDX-License-Identifier: Apache-2.0
# go.sh LIBRARY: builds embed.go against libkrait.so and runs it.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
command -v go >/dev/null || skip "no go (package golang-go)"
folder=$(dirname "$1")
# What Go compiles of its own library is kept in the build folder.
GOCACHE=$KRAIT_BINARY_DIR/go-cache
GOPATH=$T/go
GO111MODULE=off
GOTOOLCHAIN=local
GOFLAGS=
CGO_ENABLED=1
CC=$KRAIT_TEST_CC
CGO_CFLAGS="-O1 -g -I$KRAIT_SOURCE_DIR/include"
CGO_LDFLAGS="-L$folder -lkrait -Wl,-rpath,$folder"
export GOCACHE GOPATH GO111MODULE GOTOOLCHAIN GOFLAGS CGO_ENABLED CC CGO_CFLAGS CGO_LDFLAGS
cd "$T" || exit 1
cp "$KRAIT_SOURCE_DIR/tests/api/embed.go" .
check "it builds" go build -o embed embed.go
[ -x embed ] || finish
./embed "$KRAIT_RUNTIME_TREE" >out 2>err
same "status" $? 0
same "what it says" "$(cat out)" "all well"
same "stderr" "$(head -c 3000 err)" ""
finish
