//go:build acceptance || lab

package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is the causeway-cli under test.
var program string

// buildProgram builds causeway-cli once, or takes the one that
// CAUSEWAY_TEST_CLI names, such as one built with -race. remove deletes what
// was built.
func buildProgram() (remove func()) {
	program = os.Getenv("CAUSEWAY_TEST_CLI")
	if program != "" {
		return func() {}
	}
	folder, err := os.MkdirTemp("", "causeway-cli-")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(folder, "causeway-cli")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	build := exec.Command("go", "build", "-tags", "nosqlite", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building causeway-cli: %v\n%s", err, out)
		os.Exit(1)
	}
	return func() { os.RemoveAll(folder) }
}

// The objects of the contract, written down a second time on purpose: a field
// that is renamed in the program no longer decodes here.
type (
	line struct {
		Time       time.Time  `json:"time"`
		Event      string     `json:"event"`
		Invitation string     `json:"invitation"`
		Transfers  []transfer `json:"transfers"`
		Peers      []peer     `json:"peers"`
	}
	transfer struct {
		ID, Name, Direction, Phase string
		Bytes, Total, Rate         int64
		Problem                    *problem
		RelayedBytes               int64     `json:"relayed_bytes"`
		RelayQuestion              *question `json:"relay_question"`
	}
	question struct {
		Limit         string
		Used, Allowed int64
	}
	problem struct {
		Code, Detail string
		Explanation  *explanation
	}
	explanation struct {
		Path, Opening, Why    string
		Forecast              bool
		Own, Theirs, Remedies []string
	}
	peer struct {
		Transfer, ID, Client, Path, Lane, Relay string
		Local, Remote                           struct{ Type, Address, Protocol string }
		RTT                                     float64 `json:"rtt_ms"`
		BytesIn                                 int64   `json:"bytes_in"`
		BytesOut                                int64   `json:"bytes_out"`
		BytesRelayed                            int64   `json:"bytes_relayed"`
		Progress                                float64
		RateIn                                  int64 `json:"rate_in"`
		RateOut                                 int64 `json:"rate_out"`
		RendezvousNeeded                        bool  `json:"rendezvous_needed"`
		Opening                                 string
		Explanation                             explanation
		Relays                                  []relayed
		Paths                                   []taken
	}
	taken struct {
		Path, Relay string
		Since       time.Time
		Until       *time.Time
		In, Out     int64
	}
	relayed struct {
		Server   string
		In, Out  int64
		Since    time.Time
		Released *time.Time
	}
)

// process is a running causeway-cli.
type process struct {
	t       *testing.T
	name    string
	command *exec.Cmd
	stderr  safeBuffer
	exited  chan struct{} // closed at its end

	mu      sync.Mutex
	out     []string // what it printed on stdout, a line each
	states  []line   // those of them that are states
	changed chan struct{}
	peak    int64 // of the resident memory, in bytes
}

// safeBuffer is a bytes.Buffer for a writing and a reading goroutine.
type safeBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// start runs causeway-cli with a home folder of its own, so that nothing of
// this computer's user is read or written.
func start(t *testing.T, name string, arguments ...string) *process {
	t.Helper()
	return startCommand(t, name, exec.Command(program, arguments...))
}

// startCommand runs a command of causeway-cli, perhaps on a computer of a lab.
func startCommand(t *testing.T, name string, command *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, name: name, command: command, exited: make(chan struct{}), changed: make(chan struct{})}
	home := t.TempDir()
	p.command.Env = append(os.Environ(), "HOME="+home, "USERPROFILE="+home, "LOCALAPPDATA="+home, "APPDATA="+home,
		"XDG_CONFIG_HOME=", "XDG_STATE_HOME=", "XDG_DATA_HOME=", "XDG_CACHE_HOME=", "XDG_DOWNLOAD_DIR=",
		"DBUS_SESSION_BUS_ADDRESS=")
	p.command.Dir = home
	p.command.Stderr = &p.stderr
	stdout, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	measured := make(chan struct{})
	go p.measure(measured)
	go func() {
		p.read(stdout)
		p.command.Wait()
		close(p.exited)
		<-measured
	}()
	t.Cleanup(func() {
		p.command.Process.Kill()
		<-p.exited
		if t.Failed() {
			t.Logf("%s (%s) ended: %v\n--- its last lines:\n%s\n--- its stderr:\n%s", name,
				strings.Join(command.Args[1:], " "), p.command.ProcessState, p.tail(4), p.stderr.String())
		}
	})
	return p
}

// read takes stdout line by line until its end.
func (p *process) read(stdout io.Reader) {
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var state line
		isState := json.Unmarshal(lines.Bytes(), &state) == nil && state.Event == "state"
		p.mu.Lock()
		p.out = append(p.out, lines.Text())
		if isState {
			p.states = append(p.states, state)
		}
		close(p.changed)
		p.changed = make(chan struct{})
		p.mu.Unlock()
	}
}

// measure follows the peak of the process's memory while it lives.
func (p *process) measure(done chan<- struct{}) {
	defer close(done)
	for {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
		if err != nil {
			return // gone, or not Linux
		}
		if _, after, found := strings.Cut(string(status), "VmHWM:"); found {
			if fields := strings.Fields(after); len(fields) > 0 {
				kilobytes, _ := strconv.ParseInt(fields[0], 10, 64)
				p.mu.Lock()
				p.peak = max(p.peak, kilobytes<<10)
				p.mu.Unlock()
			}
		}
		select {
		case <-p.exited:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (p *process) peakMemory() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.peak
}

func (p *process) tail(n int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.out[max(0, len(p.out)-n):], "\n")
}

// last is the newest state; the zero line when there is none.
func (p *process) last() line {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.states) == 0 {
		return line{}
	}
	return p.states[len(p.states)-1]
}

// every returns all states so far.
func (p *process) every() []line {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.states[:len(p.states):len(p.states)]
}

// firstLine waits for the first line of stdout.
func (p *process) firstLine(limit time.Duration) string {
	p.t.Helper()
	var first string
	p.poll(limit, "print a line", func() bool {
		if len(p.out) > 0 {
			first = p.out[0]
		}
		return len(p.out) > 0
	})
	return first
}

// until waits for a state for which ok is true.
func (p *process) until(limit time.Duration, what string, ok func(line) bool) line {
	p.t.Helper()
	var found line
	seen := 0
	p.poll(limit, what, func() bool {
		for ; seen < len(p.states); seen++ {
			if ok(p.states[seen]) {
				found = p.states[seen]
				return true
			}
		}
		return false
	})
	return found
}

// poll calls ok, with the lock held, after each line until it is true.
func (p *process) poll(limit time.Duration, what string, ok func() bool) {
	p.t.Helper()
	deadline := time.After(limit)
	for {
		p.mu.Lock()
		done, changed := ok(), p.changed
		p.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			p.t.Fatalf("%s did not %s within %v", p.name, what, limit)
		case <-p.exited:
			p.mu.Lock()
			done := ok()
			p.mu.Unlock()
			if !done {
				p.t.Fatalf("%s ended before it could %s: %v", p.name, what, p.command.ProcessState)
			}
			return
		}
	}
}

// wait returns the exit code.
func (p *process) wait(limit time.Duration) int {
	p.t.Helper()
	select {
	case <-p.exited:
		return p.command.ProcessState.ExitCode()
	case <-time.After(limit):
		p.t.Fatalf("%s was still running after %v", p.name, limit)
		return -1
	}
}

// ends waits for an exit code and fails on another.
func (p *process) ends(limit time.Duration, code int) {
	p.t.Helper()
	if got := p.wait(limit); got != code {
		p.t.Fatalf("%s ended with %d, want %d", p.name, got, code)
	}
}

// interrupt presses Ctrl-C and holds the process to the second that users are
// promised; it returns how long the end took.
func (p *process) interrupt() time.Duration {
	p.t.Helper()
	begun := time.Now()
	if err := p.command.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Fatal(err)
	}
	p.ends(5*time.Second, 130)
	took := time.Since(begun)
	if took > time.Second {
		p.t.Errorf("%s took %v to end after Ctrl-C, want at most a second", p.name, took)
	}
	return took
}

// kill ends the process as a power cut would.
func (p *process) kill() {
	p.command.Process.Signal(syscall.SIGKILL)
	<-p.exited
}

// size is the size of the large file of a test: fallback, or what
// CAUSEWAY_TEST_SIZE says ("64M"), when that is less.
func size(t *testing.T, fallback int64) int64 {
	text := os.Getenv("CAUSEWAY_TEST_SIZE")
	if text == "" {
		return fallback
	}
	megabytes, err := strconv.ParseInt(strings.TrimSuffix(text, "M"), 10, 64)
	if err != nil {
		t.Fatalf("CAUSEWAY_TEST_SIZE=%s: want a number of megabytes such as 64M", text)
	}
	return min(fallback, megabytes<<20)
}
