//go:build lab

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine/lab"
)

const (
	// tableVariable names the file that gets the tables as Markdown.
	tableVariable = "CAUSEWAY_NAT_TABLE"

	// failureLimit is when a pair without a path has to say so, and why.
	failureLimit = 15 * time.Second
	// directLimit is when a pair that can be direct has to be so.
	directLimit = 5 * time.Second

	// cellsAtOnce bounds the pairs that are tried at a time; most of them wait
	// for a failure. cellsAtWork bounds those that connect or carry bytes, which
	// want a processor.
	cellsAtOnce, cellsAtWork = 80, 6
	// workLimit is when a pair that has no path yet is taken to be waiting.
	workLimit = time.Second
)

// table is all pairs of kinds, with one set of servers.
type table struct {
	name  string
	relay func(*world) // adds relays; nil for a table without any

	// square tries each pair both ways; otherwise the earlier kind sends, or the
	// later one where lower is set.
	square, lower bool

	kinds  []lab.Kind
	world  *world
	homes  [2][]*lab.Host // of each kind one that sends and one that receives
	shared string

	atOnce, atWork chan struct{}

	mu    sync.Mutex
	cells map[[2]int]*outcome
}

// TestNATPairs tries every pair of kinds of networks: with STUN servers only,
// with the relay of "causeway-cli serve", and with coturn. -short leaves out
// kinds that are like others. The page of documentation has each pair both ways.
func TestNATPairs(t *testing.T) {
	kinds := lab.Kinds()
	if testing.Short() {
		kinds = []lab.Kind{{lab.Open}, {lab.Firewall}, {lab.FullCone}, {lab.AddressRestricted}, {lab.PortRestricted},
			{lab.AddressSymmetric}, {lab.SymmetricSequential}, {lab.UDPBlocked}, lab.Carrier(lab.FullCone)}
	}
	tables := []*table{
		{name: "STUN only"},
		{name: "embedded TURN server", relay: func(w *world) { w.relay("relay", "--quota", "1000") }},
		{name: "coturn", relay: func(w *world) { w.coturn("relay") }, lower: true},
	}
	begun := time.Now()
	atOnce, atWork := make(chan struct{}, cellsAtOnce), make(chan struct{}, cellsAtWork)
	var all sync.WaitGroup
	for _, one := range tables {
		one.kinds, one.atOnce, one.atWork = kinds, atOnce, atWork
		one.square = os.Getenv(tableVariable) != ""
		all.Go(func() { t.Run(one.name, one.run) })
	}
	all.Wait()
	t.Logf("%d kinds, all tables after %v\n%s", len(kinds), time.Since(begun).Round(time.Second), text(tables))
	if name := os.Getenv(tableVariable); name != "" {
		if testing.Short() {
			t.Fatalf("%s asks for all kinds, and -short leaves some out", tableVariable)
		}
		if err := os.WriteFile(name, []byte(markdown(tables)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// run fills a table.
func (b *table) run(t *testing.T) {
	b.world = newWorld(t, lab.Options{})
	if b.relay != nil {
		b.relay(b.world)
	}
	for side, name := range []string{"sender", "receiver"} {
		for _, kind := range b.kinds {
			b.homes[side] = append(b.homes[side], b.world.net.Home(fmt.Sprintf("%s behind %s", name, kind), kind...))
		}
	}
	b.shared = filepath.Join(t.TempDir(), "shared.bin")
	makeFile(t, b.shared, sharedSize, 5)
	b.mu.Lock()
	b.cells = map[[2]int]*outcome{}
	b.mu.Unlock()
	var all sync.WaitGroup
	for a := range b.kinds {
		for c := range b.kinds {
			if !b.square && (c < a) != b.lower && c != a {
				continue
			}
			b.atOnce <- struct{}{}
			all.Go(func() {
				defer func() { <-b.atOnce }()
				t.Run(fmt.Sprintf("%s to %s", b.kinds[a], b.kinds[c]), func(t *testing.T) { b.try(t, a, c) })
			})
		}
	}
	all.Wait()
}

// try lets one pair meet, notes what becomes of it, and holds it to what the
// networks allow.
func (b *table) try(t *testing.T, from, to int) {
	cell := &outcome{table: b, sender: b.kinds[from], receiver: b.kinds[to]}
	b.mu.Lock()
	b.cells[[2]int{from, to}] = cell
	b.mu.Unlock()
	w := *b.world
	w.t = t
	cell.meet(t, &w, b.homes[0][from], b.homes[1][to])
	for _, wrong := range cell.wrong() {
		t.Error(wrong)
	}
}

// done are the cells in order.
func (b *table) done() []*outcome {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []*outcome
	for a := range b.kinds {
		for c := range b.kinds {
			if cell := b.cells[[2]int{a, c}]; cell != nil {
				all = append(all, cell)
			}
		}
	}
	return all
}

// text is the tables for a terminal: what is special, and the totals.
func text(tables []*table) string {
	var lines []string
	for _, b := range tables {
		lines = append(lines, "", b.name+": "+b.totals())
		for _, cell := range b.done() {
			lines = append(lines, fmt.Sprintf("  %-50s %s", fmt.Sprintf("%s / %s", cell.sender, cell.receiver), cell))
		}
	}
	return strings.Join(lines, "\n")
}

// totals counts the cells and names the slowest of each sort.
func (b *table) totals() string {
	counts, slowest := map[string]int{}, map[string]*outcome{}
	var sorts []string
	all := b.done()
	for _, cell := range all {
		sort := cell.sort()
		if counts[sort]++; counts[sort] == 1 {
			sorts = append(sorts, sort)
		}
		if before := slowest[sort]; before == nil || before.took() < cell.took() {
			slowest[sort] = cell
		}
	}
	slices.Sort(sorts)
	parts := []string{fmt.Sprintf("%d pairs", len(all))}
	for _, sort := range sorts {
		slow := slowest[sort]
		parts = append(parts, fmt.Sprintf("%d %s (at most %s: %s / %s)", counts[sort], sort, seconds(slow.took()), slow.sender, slow.receiver))
	}
	return strings.Join(parts, ", ")
}
