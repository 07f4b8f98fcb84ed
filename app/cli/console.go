package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// console is where causeway-cli reads and writes: results on out, all that is
// for humans on err.
type console struct {
	in       io.Reader
	out, err io.Writer
	// width tells the columns of the terminal behind err; 0 when err is not a
	// terminal.
	width func() int
}

// newConsole returns the console of the process.
func newConsole(in, out, err *os.File) *console {
	return &console{in: in, out: out, err: err, width: func() int {
		columns, _, failed := term.GetSize(int(err.Fd()))
		if failed != nil || os.Getenv("TERM") == "dumb" {
			return 0
		}
		return columns
	}}
}
