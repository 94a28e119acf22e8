// SPDX-License-Identifier: Apache-2.0

// Runs a WASI program, python.wasm first of all, on wazero:
//
//	go run . [--dir HOST::GUEST]... [--env NAME=VALUE]... MODULE [ARG...]
//
// Exit status: the guest's own; 134 when it trapped; 125 when it could not be started.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
)

type options struct {
	dirs, env [][2]string
	args      []string
}

func parse(words []string) (*options, error) {
	o := &options{}
	for len(words) > 0 && strings.HasPrefix(words[0], "--") {
		list, separator := &o.dirs, "::"
		switch words[0] {
		case "--dir":
		case "--env":
			list, separator = &o.env, "="
		default:
			return nil, fmt.Errorf("unknown option %s", words[0])
		}
		if len(words) < 2 || strings.Index(words[1], separator) < 1 {
			return nil, fmt.Errorf("%s wants A%sB", words[0], separator)
		}
		pair := strings.SplitN(words[1], separator, 2)
		*list = append(*list, [2]string{pair[0], pair[1]})
		words = words[2:]
	}
	if len(words) == 0 {
		return nil, errors.New("usage: [--dir HOST::GUEST]... [--env NAME=VALUE]... MODULE [ARG...]")
	}
	o.args = words
	return o, nil
}

// What wazero gives a guest by default are no arguments, no files, no standard streams, random
// numbers that are the same every time, a clock that stands still, and sleeps that do not wait.
func config(o *options) (wazero.ModuleConfig, error) {
	files := wazero.NewFSConfig()
	for _, dir := range o.dirs {
		if info, err := os.Stat(dir[0]); err != nil {
			return nil, err
		} else if !info.IsDir() {
			return nil, fmt.Errorf("%s: not a directory", dir[0])
		}
		files = files.WithDirMount(dir[0], dir[1])
	}
	c := wazero.NewModuleConfig().WithArgs(o.args...).WithFSConfig(files).
		WithStdin(os.Stdin).WithStdout(os.Stdout).WithStderr(os.Stderr).
		WithRandSource(rand.Reader).WithSysWalltime().WithSysNanotime().WithSysNanosleep()
	for _, pair := range o.env {
		c = c.WithEnv(pair[0], pair[1])
	}
	return c, nil
}

// Compiling python.wasm takes seconds, so that is done once.
func cache() (wazero.CompilationCache, error) {
	folder, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	return wazero.NewCompilationCacheWithDir(filepath.Join(folder, "krait-on-wazero"))
}

func run(words []string) (status int, err error) {
	o, err := parse(words)
	if err != nil {
		return 125, err
	}
	c, err := config(o)
	if err != nil {
		return 125, err
	}
	kept, err := cache()
	if err != nil {
		return 125, err
	}
	ctx := context.Background()
	defer kept.Close(ctx)
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(kept))
	defer runtime.Close(ctx)
	if _, err = wasi_snapshot_preview1.Instantiate(ctx, runtime); err != nil {
		return 125, err
	}
	code, err := os.ReadFile(o.args[0])
	if err != nil {
		return 125, err
	}
	module, err := runtime.CompileModule(ctx, code)
	if err != nil {
		return 125, err
	}
	_, err = runtime.InstantiateModule(ctx, module, c) // runs _start
	var exit *sys.ExitError
	if errors.As(err, &exit) {
		return int(exit.ExitCode() & 0xff), nil
	}
	if err != nil {
		return 134, fmt.Errorf("the guest trapped: %w", err)
	}
	return 0, nil
}

func main() {
	status, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "krait-on-wazero:", err)
	}
	os.Exit(status)
}
