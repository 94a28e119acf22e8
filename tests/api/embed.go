// SPDX-License-Identifier: Apache-2.0

// Krait inside a program with a runtime that has handlers of its own. Go turns faults of Go code
// into panics, preempts and profiles its threads with signals, and moves them between goroutines;
// meanwhile guests fault, run into limits and are cancelled. go.sh builds and runs it.
package main

/*
#include <krait/krait.h>
#include <stdlib.h>
#include <string.h>

typedef struct run {
    int kind;
    int limit;
    char text[512];
} run;

static krait_sandbox *
make(krait_module *module, uint64_t wall_ns, uint64_t stack_bytes, char *text)
{
    krait_config *config = NULL;
    krait_sandbox *sandbox = NULL;
    krait_error err = {.text = ""};

    if (krait_config_new(&config, &err) == KRAIT_OK &&
        krait_config_set_limit(config, KRAIT_LIMIT_WALL, wall_ns, &err) == KRAIT_OK &&
        // Told to end, they do, also where the machine is busy.
        krait_config_set_limit(config, KRAIT_LIMIT_GRACE, 60000000000, &err) == KRAIT_OK &&
        krait_config_set_limit(config, KRAIT_LIMIT_STACK, stack_bytes, &err) == KRAIT_OK)
        (void)!krait_sandbox_new(module, config, &sandbox, &err);
    krait_config_free(config);
    strcpy(text, err.text);
    return sandbox;
}

static run
exec(krait_sandbox *sandbox, const char *code)
{
    krait_error err = {.text = ""};
    run r = {.kind = -1};
    krait_result result;

    if (krait_sandbox_exec(sandbox, code, strlen(code), &result, &err) != KRAIT_OK) {
        strncpy(r.text, err.text, sizeof(r.text) - 1);
        return r;
    }
    r.kind = (int)result.kind;
    r.limit = (int)result.limit;
    strncpy(r.text, result.message, sizeof(r.text) - 1);
    return r;
}
*/
import "C"

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

var failures atomic.Int32

func check(ok bool, format string, arguments ...any) {
	if !ok {
		failures.Add(1)
		fmt.Printf("failed: "+format+"\n", arguments...)
	}
}

type node struct{ next *node }

// A fault of Go code, which the runtime turns into a panic.
func recovers() (recovered bool) {
	defer func() {
		if reason := recover(); reason != nil {
			recovered = strings.Contains(fmt.Sprint(reason), "nil pointer")
		}
	}()
	var none *node
	fmt.Fprintln(os.Stderr, none.next)
	return false
}

func sandbox(module *C.krait_module, wall time.Duration, stack uint64) *C.krait_sandbox {
	text := (*C.char)(C.calloc(1, 512))
	defer C.free(unsafe.Pointer(text))
	made := C.make(module, C.uint64_t(wall), C.uint64_t(stack), text)
	if made == nil {
		fmt.Println("cannot make a sandbox:", C.GoString(text))
		os.Exit(1)
	}
	return made
}

func exec(sandbox *C.krait_sandbox, code string) (int, int, string) {
	text := C.CString(code)
	defer C.free(unsafe.Pointer(text))
	r := C.exec(sandbox, text)
	return int(r.kind), int(r.limit), C.GoString(&r.text[0])
}

// Signals that go to whatever thread, garbage, and faults, until the channel is closed.
func disturb(done <-chan struct{}, others *sync.WaitGroup) {
	defer others.Done()
	var list *node
	for i := 0; ; i++ {
		select {
		case <-done:
			runtime.KeepAlive(list)
			return
		default:
		}
		list = &node{list}
		if i%1000 == 0 {
			list = nil
			check(recovers(), "a fault of Go beside guests")
			_ = syscall.Kill(os.Getpid(), syscall.SIGURG)
			time.Sleep(100 * time.Microsecond)
		}
		if i%20000 == 0 {
			runtime.GC()
		}
	}
}

func guests(module *C.krait_module, number int, all *sync.WaitGroup) {
	const stack = 64 << 20
	defer all.Done()
	for round := 0; round < 3; round++ {
		s := sandbox(module, 100*time.Millisecond, stack)
		kind, limit, text := exec(s, "while True: pass")
		check(kind == C.KRAIT_RESULT_LIMIT && limit == C.KRAIT_LIMIT_WALL,
			"limit: kind %d, limit %d, %s", kind, limit, text)
		check(recovers(), "a fault of Go after a limit")
		C.krait_sandbox_free(s)

		s = sandbox(module, time.Hour, 600<<10)
		kind, _, text = exec(s, "import sys; sys.setrecursionlimit(10**6)\n"+
			"class A:\n    def __repr__(self): return repr([self])\nrepr(A())\n")
		check(kind == C.KRAIT_RESULT_TRAPPED && text == "call stack exhausted",
			"fault: kind %d, %s", kind, text)
		check(recovers(), "a fault of Go after a guest's")
		C.krait_sandbox_free(s)

		s = sandbox(module, time.Hour, stack)
		go func() {
			time.Sleep(20 * time.Millisecond)
			C.krait_sandbox_cancel(s)
		}()
		kind, _, text = exec(s, "while True: pass")
		check(kind == C.KRAIT_RESULT_CANCELLED, "cancel: kind %d, %s", kind, text)
		kind, _, text = exec(s, "x = sum(i * 0.5 for i in range(100000))\nassert x == 2499975000")
		check(kind == C.KRAIT_RESULT_RETURNED, "a session goes on: kind %d, %s", kind, text)
		C.krait_sandbox_free(s)
	}
}

func main() {
	var engine *C.krait_engine
	var module *C.krait_module
	var profile bytes.Buffer
	var all, others sync.WaitGroup
	var err C.krait_error

	check(recovers(), "a fault of Go before there is an engine")
	folder := C.CString(os.Args[1])
	if C.krait_engine_new(&engine, &err) != C.KRAIT_OK ||
		C.krait_python_open(engine, folder, &module, &err) != C.KRAIT_OK {
		fmt.Println(C.GoString(&err.text[0]))
		os.Exit(1)
	}
	check(recovers(), "a fault of Go beside an engine")
	check(pprof.StartCPUProfile(&profile) == nil, "the profiler")
	done := make(chan struct{})
	for i := 0; i < 2; i++ {
		others.Add(1)
		go disturb(done, &others)
	}
	for i := 0; i < 3; i++ {
		all.Add(1)
		go guests(module, i, &all)
	}
	all.Wait()
	close(done)
	others.Wait()
	pprof.StopCPUProfile()
	check(profile.Len() > 0, "the profile is empty")
	C.krait_module_close(module)
	C.krait_engine_free(engine)
	check(recovers(), "a fault of Go after the engine")
	if failures.Load() != 0 {
		os.Exit(1)
	}
	fmt.Println("all well")
}
