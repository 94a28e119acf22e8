// SPDX-License-Identifier: Apache-2.0
// See tool.c: the same program.
package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"sort"
	"time"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func sortStdin() {
	lines := []string{}
	scanner := bufio.NewScanner(os.Stdin)
	for scanner.Scan() {
		lines = append(lines, scanner.Text())
	}
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Println("line", line)
	}
}

func squares() {
	file, err := os.Create("/data/out.txt")
	check(err)
	for i := 0; i < 1000; i++ {
		fmt.Fprintln(file, i*i)
	}
	check(file.Close())
	check(os.Rename("/data/out.txt", "/data/squares.txt"))
	file, err = os.Open("/data/squares.txt")
	check(err)
	reader, sum, number := bufio.NewReader(file), 0, 0
	for {
		if n, _ := fmt.Fscan(reader, &number); n != 1 {
			break
		}
		sum += number
	}
	fmt.Println("sum", sum)
}

func main() {
	for _, argument := range os.Args {
		fmt.Println("argument", argument)
	}
	fmt.Println("NAME", os.Getenv("NAME"))
	sortStdin()
	squares()
	entries, err := os.ReadDir("/data")
	check(err)
	for _, entry := range entries {
		fmt.Println("file", entry.Name())
	}
	block := make([]byte, 64<<20)
	for i := 0; i < len(block); i += 4096 {
		block[i] = byte(i >> 12)
	}
	total := make(chan uint32)
	go func() {
		sum := uint32(0)
		for i := 0; i < len(block); i += 4096 {
			sum += uint32(block[i])
		}
		total <- sum
	}()
	fmt.Println("memory", <-total)
	x := 1.0
	for i := 0; i < 100; i++ {
		x = x*1.000001 + 1.0/float64(i+1)
	}
	fmt.Printf("float %.9f\n", x)
	clock := "stands"
	if time.Now().Unix() > 1600000000 {
		clock = "runs"
	}
	fmt.Println("clock", clock)
	a, b := make([]byte, 16), make([]byte, 16)
	rand.Read(a)
	rand.Read(b)
	random := "repeats"
	if !bytes.Equal(a, b) {
		random = "differs"
	}
	fmt.Println("random", random)
	missing := "nothing"
	if _, err := os.Open("/etc/passwd"); err != nil {
		missing = "file"
	}
	fmt.Println("missing", missing)
	fmt.Fprintln(os.Stderr, "to stderr")
	if len(os.Args) > 1 && os.Args[1] == "panic" {
		empty := []byte{}
		fmt.Println(empty[len(os.Args)])
	}
	os.Exit(3)
}
